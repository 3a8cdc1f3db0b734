package clients

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// credential makes a client at Paxos, as a person does in the Dashboard.
func (m *mount) credential(scopes ...string) (clientID, secret string) {
	m.Helper()
	clientID, secret, err := m.paxos.CreateCredential(m.Context(), "tests", scopes...)
	if err != nil {
		m.Fatal(err)
	}
	m.guard(secret)
	return clientID, secret
}

// control sends a request to the control API of the stand-in.
func (m *mount) control(method, path string, form, said any) {
	m.Helper()
	if err := m.paxos.Control(m.Context(), method, path, form, said); err != nil {
		m.Fatal(err)
	}
}

// atPaxos returns what Paxos knows of the token with this fingerprint.
func (m *mount) atPaxos(tokenID string) stack.IssuedToken {
	m.Helper()
	token, err := m.paxos.Token(m.Context(), tokenID)
	if err != nil {
		m.Fatal(err)
	}
	return token
}

// expectAlive checks that the token is valid at Paxos, and has exactly these scopes.
func (m *mount) expectAlive(tokenID string, scopes ...string) {
	m.Helper()
	token := m.atPaxos(tokenID)
	slices.Sort(scopes)
	slices.Sort(token.Scopes)
	if !token.Alive || !slices.Equal(token.Scopes, scopes) {
		m.Errorf("at Paxos the token is valid: %t, and has the scopes %v; want a valid token with %v", token.Alive,
			token.Scopes, scopes)
	}
}

// awaitEnd waits until the token has ended at Paxos.
func (m *mount) awaitEnd(tokenID string) {
	m.Helper()
	await(m.T, func() error {
		if m.atPaxos(tokenID).Alive {
			return errors.New("the token is valid at Paxos")
		}
		return nil
	})
}

// revokeAtPaxos revokes a token at Paxos, behind the back of Vault.
func (m *mount) revokeAtPaxos(token, tokenID string) {
	m.Helper()
	form := url.Values{"client_id": {m.clientID}, "client_secret": {m.clientSecret}, "token": {token}}
	request, err := http.NewRequestWithContext(m.Context(), http.MethodPost, m.paxos.RevokeURL,
		strings.NewReader(form.Encode()))
	if err != nil {
		m.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		m.Fatal(err)
	}
	response.Body.Close()
	m.awaitEnd(tokenID)
}
