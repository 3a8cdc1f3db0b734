// Command vault-plugin-secrets-paxos is the plugin. Vault starts it. People run it only with -version.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/sdk/plugin"

	"vault-plugin-secrets-paxos/backend"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/version"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// garbagePercent is the value of GOGC: how much memory may become garbage before it is collected, in
// percent of the memory in use. All mounts together use a few megabytes, so with the default of 100
// the collector would run many times a second.
const garbagePercent = 400

// run serves Vault until Vault ends this process or Vault's own process has ended.
func run(arguments []string) error {
	var meta api.PluginAPIClientMeta
	flags := meta.FlagSet()
	showVersion := flags.Bool("version", false, "print the version and exit")
	budget := flags.Int("token-budget", limits.DefaultBudget,
		"token requests that all mounts of this process together may send in any 5 minutes: 1 to 300")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *showVersion {
		fmt.Println(version.Line("vault-plugin-secrets-paxos"))
		return nil
	}
	if *budget < 1 || *budget > limits.MaximumBudget {
		return fmt.Errorf("-token-budget must be between 1 and %d: Paxos allows no more per IP address", limits.MaximumBudget)
	}
	if os.Getenv("GOGC") == "" { // an operator may have chosen another value
		debug.SetGCPercent(garbagePercent)
	}
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})
	go exitWithParent(os.Getppid(), logger)
	return plugin.ServeMultiplex(&plugin.ServeOpts{
		BackendFactoryFunc: backend.NewFactory(backend.Options{Limits: limits.New(*budget)}),
		TLSProviderFunc:    api.VaultPluginTLSProvider(meta.GetTLSConfig()),
		Logger:             logger,
	})
}
