package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/cmd/internal/environment"
)

// newVaultClient returns a client of the Vault or OpenBao that the environment names. It uses no proxy, so
// that nothing in the environment sends the Vault token elsewhere.
func newVaultClient(log *slog.Logger) (*api.Client, error) {
	if err := environment.PreferOpenBao(); err != nil {
		return nil, err
	}
	config := api.DefaultConfig() // as the environment says
	if config.Error != nil {
		return nil, config.Error
	}
	way, ok := config.HttpClient.Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("the client of Vault has an unknown transport")
	}
	way.Proxy = nil
	for _, name := range []string{api.EnvVaultProxyAddr, api.EnvHTTPProxy} {
		if os.Getenv(name) != "" {
			log.Warn("this variable is ignored: paxos-proxy connects to Vault directly", "variable", name)
		}
	}
	return api.NewClient(config)
}
