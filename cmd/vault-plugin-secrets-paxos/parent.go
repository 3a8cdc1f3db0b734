package main

import (
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
)

// exitWithParent ends this process soon after the Vault that started it has ended. A Vault that was
// killed with SIGKILL does not end its plugins. This one must not continue to refresh tokens, because
// another Vault node is in charge of their leases by then.
func exitWithParent(parent int, logger hclog.Logger) {
	for range time.Tick(time.Second) {
		if os.Getppid() != parent {
			logger.Warn("the Vault process that started this plugin is gone; exiting")
			os.Exit(1)
		}
	}
}
