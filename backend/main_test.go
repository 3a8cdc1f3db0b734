package backend_test

import (
	"os"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// TestMain silences go-plugin's own log; the engine's goes to each test's buffer.
func TestMain(m *testing.M) {
	hclog.SetDefault(hclog.NewNullLogger())
	os.Exit(m.Run())
}
