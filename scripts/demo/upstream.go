package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// An upstream is the Paxos of the story: the real one or a stand-in.
type upstream struct {
	environment            string // as the config of the mount names it
	clientID, clientSecret string
	scopes                 string         // of the role in the story
	sandbox                *stack.Sandbox // nil for the real Paxos
}

// readScope is the only scope of clients and roles that must not move money.
const readScope = "funding:read_profile"

// newUpstream returns the real Paxos if the environment names a client of it, else the stand-in. At the
// real Paxos the role has no scope that can move money.
func newUpstream() (*upstream, error) {
	u := &upstream{
		environment:  os.Getenv("PAXOS_ENVIRONMENT"),
		clientID:     os.Getenv("PAXOS_CLIENT_ID"),
		clientSecret: os.Getenv("PAXOS_CLIENT_SECRET"),
		scopes:       readScope,
	}
	switch {
	case u.environment == "" && u.clientID == "" && u.clientSecret == "":
		// the scopes that Paxos documents for minting, redeeming and converting stablecoins
		set, _ := catalog.LookupSet("mint-redeem-convert")
		return &upstream{environment: "custom", scopes: strings.Join(set.Scopes, " ")}, nil
	case u.clientID == "" || u.clientSecret == "":
		return nil, errors.New("to use the real Paxos set PAXOS_CLIENT_ID, PAXOS_CLIENT_SECRET and " +
			"PAXOS_ENVIRONMENT; to use the stand-in, none of them")
	case u.environment != "sandbox" && u.environment != "production":
		return nil, errors.New("PAXOS_ENVIRONMENT must be sandbox or production")
	}
	return u, nil
}

// checkTools returns an error if a program that the story needs is missing: curl plays the application.
func (u *upstream) checkTools() error {
	if _, err := exec.LookPath("curl"); err != nil {
		return errors.New("curl is not on PATH: install it; the demo sends its requests with curl")
	}
	return nil
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

// calls are the numbers of requests to the stand-in.
type calls struct {
	Endpoints map[string]int `json:"endpoints"`
}
