package main

import (
	"fmt"
	"os/exec"
	"strings"
)

// tools are the programs that the commands of the demo need, besides those of every system.
var tools = []string{"curl", "jq", "pgrep", "sha256sum"}

// checkTools returns an error that names the tools which are missing.
func checkTools() error {
	var missing []string
	for _, name := range tools {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("install %s: the commands of the demo use it (pgrep is in the package procps)",
			strings.Join(missing, " and "))
	}
	return nil
}
