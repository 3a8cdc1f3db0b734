package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// An upstream is the Paxos of the story: the real one or a stand-in.
type upstream struct {
	environment            string // as the config of the mount names it
	clientID, clientSecret string
	operations             string         // of the role in the story
	sandbox                *stack.Sandbox // nil for the real Paxos
}

// newUpstream returns the real Paxos if the environment names a client of it, else the stand-in. At the
// real Paxos no role has a scope that can move money.
func newUpstream() (*upstream, error) {
	u := &upstream{
		environment:  os.Getenv("PAXOS_ENVIRONMENT"),
		clientID:     os.Getenv("PAXOS_CLIENT_ID"),
		clientSecret: os.Getenv("PAXOS_CLIENT_SECRET"),
		operations:   "ListProfiles",
	}
	switch {
	case u.environment == "" && u.clientID == "" && u.clientSecret == "":
		return &upstream{environment: "custom", operations: "ListProfiles ListTransfers"}, nil
	case u.clientID == "" || u.clientSecret == "":
		return nil, errors.New("to use the real Paxos set PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET and " +
			"PAXOS_ENVIRONMENT; to use the stand-in, none of them")
	case u.environment != "sandbox" && u.environment != "production":
		return nil, errors.New("PAXOS_ENVIRONMENT must be sandbox or production")
	}
	return u, nil
}

// url returns the address of Paxos's API, without the version.
func (u *upstream) url() string {
	switch {
	case u.sandbox != nil:
		return u.sandbox.URL
	case u.environment == "production":
		return strings.TrimSuffix(paxos.Production.APIURL, "/v2")
	default:
		return strings.TrimSuffix(paxos.Sandbox.APIURL, "/v2")
	}
}

// start starts the stand-in, unless Paxos is the real one. Its binary is built in the directory.
func (u *upstream) start(ctx context.Context, directory string) error {
	if u.environment != "custom" {
		return nil
	}
	sandbox, err := stack.StartSandbox(ctx, directory)
	if err != nil {
		return err
	}
	u.sandbox, u.clientID, u.clientSecret = sandbox, sandbox.ClientID, sandbox.ClientSecret
	return nil
}

// close stops the stand-in.
func (u *upstream) close() {
	if u.sandbox != nil {
		u.sandbox.Stop()
	}
}
