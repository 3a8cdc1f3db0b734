package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A sandbox is a running stand-in Paxos with a client that is ready to use.
type sandbox struct {
	*paxostest.Server
	clientID, clientSecret string
	scopes                 []string
}

// start starts the stand-in and creates the ready client in it.
func start(wanted settings) (*sandbox, error) {
	server, err := paxostest.Start(paxostest.Options{
		Address:       wanted.address,
		AllowRemote:   wanted.allowRemote,
		TokenLifetime: wanted.tokenLifetime,
		TokenLimit:    wanted.tokenLimit,
		Signatures:    wanted.signatures,
		TLS:           wanted.tls,
	})
	if err != nil {
		return nil, err
	}
	ready, err := createReady(server, wanted)
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("creating the ready client: %w", err)
	}
	return ready, nil
}

// createReady creates the ready client, with the id and the secret that the flags give.
func createReady(server *paxostest.Server, wanted settings) (*sandbox, error) {
	created, secret, err := server.CreateCredential(paxostest.Credential{
		ClientID: wanted.clientID,
		Nickname: "ready client",
		Scopes:   wanted.scopes,

		EnforceRequestSigning: wanted.signatures.Credentials,
	})
	if err != nil {
		return nil, err
	}
	if wanted.clientSecret != "" {
		secret = wanted.clientSecret
		if err := server.SetSecret(created.ClientID, secret); err != nil {
			return nil, err
		}
	}
	return &sandbox{Server: server, clientID: created.ClientID, clientSecret: secret, scopes: created.Scopes}, nil
}

// An announcement is the line that -json prints.
type announcement struct {
	URL           string `json:"url"`
	TokenURL      string `json:"token_url"`
	RevokeURL     string `json:"revoke_url"`
	APIURL        string `json:"api_url"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	CACertificate string `json:"ca_certificate"`
}

// announce writes the URLs and the ready client, as text or as one line of JSON.
func (s *sandbox) announce(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(announcement{ //nolint:gosec // the secret of a client that only this program knows
			URL:           s.URL(),
			TokenURL:      s.TokenURL(),
			RevokeURL:     s.RevokeURL(),
			APIURL:        s.APIURL(),
			ClientID:      s.clientID,
			ClientSecret:  s.clientSecret,
			CACertificate: s.CACertificate(),
		})
	}
	_, err := io.WriteString(out, s.text())
	return err
}

// text returns the announcement for people.
func (s *sandbox) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Paxos sandbox: a stand-in, not Paxos itself. Press Ctrl-C to stop it.\n\n")
	fmt.Fprintf(&b, "  url            %s\n", s.URL())
	fmt.Fprintf(&b, "  token_url      %s\n", s.TokenURL())
	fmt.Fprintf(&b, "  revoke_url     %s\n", s.RevokeURL())
	fmt.Fprintf(&b, "  api_url        %s\n", s.APIURL())
	fmt.Fprintf(&b, "  control        %s/sandbox/\n\n", s.URL())
	fmt.Fprintf(&b, "A client that is ready to use:\n\n")
	fmt.Fprintf(&b, "  client_id      %s\n", s.clientID)
	fmt.Fprintf(&b, "  client_secret  %s\n", s.clientSecret)
	fmt.Fprintf(&b, "  scopes         %s\n\n", strings.Join(s.scopes, "\n                 "))
	if certificate := s.CACertificate(); certificate != "" {
		fmt.Fprintf(&b, "The certificate authority to trust:\n\n%s\n", certificate)
	}
	fmt.Fprintf(&b, "Try it:\n\n")
	fmt.Fprintf(&b, "  curl %s -d grant_type=client_credentials -d client_id=%s -d client_secret=%s -d scope=%s\n",
		s.TokenURL(), s.clientID, s.clientSecret, s.scopes[0])
	fmt.Fprintf(&b, "  curl %s/sandbox/tokens\n", s.URL())
	return b.String()
}
