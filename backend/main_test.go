package backend_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// TestMain silences go-plugin's own log; the engine's goes to each test's log. The tests make many
// mounts that live for a moment, so that collecting garbage less often saves time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(200)
	hclog.SetDefault(hclog.NewNullLogger())
	os.Exit(m.Run())
}
