package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"golang.org/x/oauth2"
)

const (
	longest               = time.Minute      // that Vault may take, with all retries
	longestWithToken      = 3 * time.Second  // the same, if there is a valid token to use instead
	readAgainAfterFailure = 10 * time.Second // when Vault is asked again after it did not answer
)

// A vaultTokens is an oauth2.TokenSource of the access tokens of one role. It may be used by several
// goroutines. It keeps the last token, so oauth2.ReuseTokenSource is not needed.
type vaultTokens struct {
	vault *api.Client
	path  string

	mu          sync.Mutex
	loginEndsAt time.Time
	readAgainAt time.Time
	data        tokenData
}

// A tokenData is what Vault answers to a read of a token.
type tokenData struct {
	AccessToken string      `json:"access_token"`
	TokenID     string      `json:"token_id"`
	TokenType   string      `json:"token_type"`
	APIURL      string      `json:"api_url"`
	ExpiresAt   time.Time   `json:"expires_at"`
	TTL         json.Number `json:"ttl"` // seconds after which to read again
}

// newVaultTokens returns the tokens of a role. The address of Vault is VAULT_ADDR.
func newVaultTokens(mount, role string) (*vaultTokens, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, config.Error
	}
	config.MaxRetries = 4 // a failover takes up to 4 seconds; the library waits longer each time, with jitter
	vault, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	return &vaultTokens{vault: vault, path: cmp.Or(mount, "paxos") + "/token/" + cmp.Or(role, "mint-role")}, nil
}

// Token returns a token. Vault is asked only after the ttl of the last one.
func (t *vaultTokens) Token() (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch valid := now.Before(t.data.ExpiresAt); {
	case !valid:
		if err := t.read(longest); err != nil {
			return nil, err
		}
	case now.After(t.readAgainAt):
		if err := t.read(longestWithToken); err != nil && !unavailable(err) {
			return nil, err
		} else if err != nil { // the token is valid until it expires, whether Vault answers or not
			log.Printf("Vault: %v; keeping the token until %s", err, t.data.ExpiresAt)
			t.readAgainAt = time.Now().Add(readAgainAfterFailure)
		}
	}
	return &oauth2.Token{AccessToken: t.data.AccessToken, TokenType: t.data.TokenType, Expiry: t.data.ExpiresAt}, nil
}

// reject reports a token that Paxos rejected with 401. The next call of Token returns a new one.
func (t *vaultTokens) reject(accessToken string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if accessToken != t.data.AccessToken {
		return nil // another goroutine has reported it
	}
	return t.ask(longest, func(ctx context.Context) (*api.Secret, error) {
		return t.vault.Logical().WriteWithContext(ctx, t.path, map[string]any{"rejected_token_id": t.data.TokenID})
	})
}

// apiURL returns the address of Paxos's API, with its version.
func (t *vaultTokens) apiURL() (string, error) {
	_, err := t.Token()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.data.APIURL, err
}

// belongTo returns an error if an address is not one of Paxos. An http.Client follows redirects, and
// oauth2.Transport adds the token to each request. So without this, another server could get the token.
func (t *vaultTokens) belongTo(address *url.URL) error {
	text, err := t.apiURL()
	if err != nil {
		return err
	}
	paxos, err := url.Parse(text)
	if err == nil && (address.Scheme != paxos.Scheme || address.Host != paxos.Host) {
		err = fmt.Errorf("the request is for %s, not for %s: no token is sent there", address.Host, paxos.Host)
	}
	return err
}

// read reads a token.
func (t *vaultTokens) read(patience time.Duration) error {
	return t.ask(patience, func(ctx context.Context) (*api.Secret, error) {
		return t.vault.Logical().ReadWithContext(ctx, t.path)
	})
}

// ask sends a request to Vault, with a login that is valid, and keeps the token of the answer.
func (t *vaultTokens) ask(patience time.Duration, send func(context.Context) (*api.Secret, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if time.Now().After(t.loginEndsAt) {
		if err := t.login(ctx); err != nil {
			return err
		}
	}
	answer, err := send(ctx)
	if status(err) == http.StatusForbidden { // the login may have been revoked; if not, this fails again
		if err := t.login(ctx); err != nil {
			return err
		}
		answer, err = send(ctx)
	}
	if err != nil {
		return err
	}
	return t.keep(answer)
}

// login logs in with AppRole, and again at two thirds of the login's time.
func (t *vaultTokens) login(ctx context.Context) error {
	roleID, err := contents("ROLE_ID_FILE", "role-id")
	if err != nil {
		return err
	}
	secretID, err := contents("SECRET_ID_FILE", "secret-id")
	if err != nil {
		return err
	}
	method, err := approle.NewAppRoleAuth(roleID, &approle.SecretID{FromString: secretID})
	if err != nil {
		return err
	}
	answer, err := t.vault.Auth().Login(ctx, method)
	if err != nil {
		return err
	}
	t.loginEndsAt = time.Now().Add(time.Duration(answer.Auth.LeaseDuration) * time.Second * 2 / 3)
	return nil
}

// keep keeps the token of an answer.
func (t *vaultTokens) keep(answer *api.Secret) error {
	for _, warning := range answer.Warnings {
		log.Printf("Vault: %s", warning)
	}
	text, err := json.Marshal(answer.Data)
	if err != nil {
		return err
	}
	var data tokenData
	if err := json.Unmarshal(text, &data); err != nil {
		return fmt.Errorf("reading the answer of Vault: %w", err)
	}
	ttl, err := data.TTL.Int64()
	if err != nil {
		return fmt.Errorf("reading ttl in the answer of Vault: %w", err)
	}
	t.data, t.readAgainAt = data, time.Now().Add(time.Duration(ttl)*time.Second)
	return nil
}

// logout revokes the token of the login, so that nobody can use it.
func (t *vaultTokens) logout() {
	if t.vault.Token() == "" {
		return
	}
	if err := t.vault.Auth().Token().RevokeSelf(""); err != nil {
		log.Printf("not logged out: %v", err)
	}
}

// status returns the HTTP status of an answer of Vault that is an error; otherwise 0.
func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// unavailable reports whether Vault did not answer, or asked to retry later.
func unavailable(err error) bool {
	code := status(err)
	return code == 0 || code == http.StatusTooManyRequests || code >= http.StatusInternalServerError
}
