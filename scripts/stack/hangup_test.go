package stack

import (
	"os"
	"os/exec"
	"testing"
)

// TestProgramsReloadUnderNohup runs itself again, as nohup does it. The shell that it then starts must get the
// signal that reloads applications.
func TestProgramsReloadUnderNohup(t *testing.T) {
	t.Parallel()
	if os.Getenv("UNDER_NOHUP") != "" {
		out, err := Shell(t.Context(), `trap "echo reloaded" HUP; kill -HUP $$`).CombinedOutput()
		if err != nil || string(out) != "reloaded\n" {
			t.Errorf("the shell printed %q, %v", out, err)
		}
		return
	}
	again := exec.Command("nohup", os.Args[0], "-test.run=^TestProgramsReloadUnderNohup$")
	again.Env = append(os.Environ(), "UNDER_NOHUP=1")
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
