// Command vault-plugin-secrets-paxos is the plugin that Vault starts. It is of no
// use by itself, but for -version.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/broker"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// garbagePercent is how much garbage may lie beside what is in use before it is
// collected: beside the few megabytes that all mounts use, the default of 100 has it
// done many times a second.
const garbagePercent = 400

// run serves until Vault ends the process or is gone.
func run(arguments []string) error {
	var meta api.PluginAPIClientMeta
	flags := meta.FlagSet()
	version := flags.Bool("version", false, "print the version and exit")
	budget := flags.Int("token-budget", broker.DefaultBudget,
		"token requests that all mounts of this process together may send in any 5 minutes, 1 to 300")
	if err := flags.Parse(arguments); err == flag.ErrHelp {
		return nil
	} else if err != nil {
		return err
	}
	if *version {
		fmt.Println("vault-plugin-secrets-paxos", backend.Version)
		return nil
	}
	if *budget < 1 || *budget > broker.MaximumBudget {
		return fmt.Errorf("-token-budget must lie between 1 and %d, the most that Paxos allows", broker.MaximumBudget)
	}
	if os.Getenv("GOGC") == "" { // an operator may know better
		debug.SetGCPercent(garbagePercent)
	}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	go exitWithParent(os.Getppid(), logger)
	return plugin.ServeMultiplex(&plugin.ServeOpts{
		BackendFactoryFunc: backend.NewFactory(backend.Options{Limits: broker.NewLimits(*budget)}),
		TLSProviderFunc:    api.VaultPluginTLSProvider(meta.GetTLSConfig()),
		Logger:             logger,
	})
}
