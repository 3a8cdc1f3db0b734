package main

import (
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
)

// exitWithParent ends the process when the Vault that started it is gone. A Vault
// killed with SIGKILL leaves its plugins behind; ours must not go on refreshing
// tokens whose leases are another node's business by then.
func exitWithParent(parent int, logger hclog.Logger) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			logger.Warn("the Vault process that started this plugin is gone; exiting")
			os.Exit(1)
		}
	}
}
