package enumeration

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain collects garbage less often: each run makes a mount that it uses for a moment only.
func TestMain(m *testing.M) {
	debug.SetGCPercent(200)
	os.Exit(m.Run())
}
