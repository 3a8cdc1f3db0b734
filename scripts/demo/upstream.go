package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/scripts/stack"
)

// An upstream is the Paxos that the story is told against.
type upstream struct {
	environment            string // as in config
	clientID, clientSecret string
	scopes                 string         // of the role of the story
	sandbox                *stack.Sandbox // nil if Paxos is real
}

// readScope is the one scope of everything that must not be able to move money.
const readScope = "funding:read_profile"

// newUpstream is the stand-in, unless the environment names a client of the real
// Paxos. There the role gets no scope that could move money.
func newUpstream() (*upstream, error) {
	u := &upstream{
		environment:  os.Getenv("PAXOS_ENVIRONMENT"),
		clientID:     os.Getenv("PAXOS_CLIENT_ID"),
		clientSecret: os.Getenv("PAXOS_CLIENT_SECRET"),
		scopes:       readScope,
	}
	switch {
	case u.environment == "" && u.clientID == "" && u.clientSecret == "":
		// what Paxos documents for minting, redeeming and converting stablecoins
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

// start starts the stand-in, if that is the one. The directory takes its binary.
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

// close ends the stand-in.
func (u *upstream) close() {
	if u.sandbox != nil {
		u.sandbox.Stop()
	}
}

// calls is what the stand-in says of the requests it had.
type calls struct {
	Endpoints map[string]int `json:"endpoints"`
}

// tokenState is what the stand-in says of a token.
type tokenState struct {
	Alive bool `json:"alive"`
}
