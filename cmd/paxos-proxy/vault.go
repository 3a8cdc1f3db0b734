package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/api"

	"vault-plugin-secrets-paxos/backend/signing/transport"
)

// vaultTimeout is how long Vault has to answer. A token that the engine must request from Paxos takes
// seconds.
const vaultTimeout = 30 * time.Second

// An engine is the mount of the secrets engine, for one role and one signer.
type engine struct {
	vault               *api.Client
	mount, role, signer string
	tokenFile           string
	log                 *slog.Logger
	mu                  sync.Mutex // held while the Vault token is read from its file
}

// A refusal is an answer of Vault or the engine that says no, with its words.
type refusal struct {
	status int
	words  string
}

// Error returns the words.
func (r *refusal) Error() string { return r.words }

// An unavailable error says that Vault gave no answer that can be used.
type unavailable struct{ why string }

// Error returns the reason, which is for the log.
func (u *unavailable) Error() string { return u.why }

// newEngine returns the mount in the Vault that the environment names. It returns an error if there is
// no Vault token.
func newEngine(wanted settings, log *slog.Logger) (*engine, error) {
	vault, err := api.NewClient(nil) // as the environment says
	if err != nil {
		return nil, err
	}
	e := &engine{vault: vault, mount: wanted.mount, role: wanted.role, signer: wanted.signer,
		tokenFile: wanted.tokenFile, log: log}
	if e.tokenFile == "" && vault.Token() == "" {
		return nil, errors.New("VAULT_TOKEN is not set, and there is no -token-file")
	}
	return e, nil
}

// token is the source of access tokens.
func (e *engine) token(ctx context.Context, rejectedID string) (transport.Token, error) {
	path := e.mount + "/token/" + e.role
	answer, err := e.ask(ctx, func(ctx context.Context) (*api.Secret, error) {
		if rejectedID == "" {
			return e.vault.Logical().ReadWithContext(ctx, path)
		}
		return e.vault.Logical().WriteWithContext(ctx, path, map[string]any{"rejected_token_id": rejectedID})
	})
	if err != nil {
		e.log.Warn("Vault gave no access token", "role", e.role, "reason", err.Error())
		return transport.Token{}, err
	}
	for _, warning := range answer.Warnings {
		e.log.Warn("Vault gave an access token with a warning", "role", e.role, "warning", warning)
	}
	seconds, _ := answer.Data["ttl"].(json.Number)
	ttl, err := seconds.Int64()
	token := transport.Token{TTL: time.Duration(ttl) * time.Second}
	for name, field := range map[string]*string{"access_token": &token.AccessToken, "token_id": &token.ID,
		"client_id": &token.ClientID, "api_url": &token.APIURL} {
		*field, _ = answer.Data[name].(string)
	}
	if err != nil || token.AccessToken == "" || token.ID == "" || token.APIURL == "" {
		return transport.Token{}, &unavailable{"the answer of " + path + " is not what this version expects"}
	}
	return token, nil
}

// sign asks the signer for a signature.
func (e *engine) sign(ctx context.Context, method, path string, body []byte) (http.Header, error) {
	answer, err := e.ask(ctx, func(ctx context.Context) (*api.Secret, error) {
		return e.vault.Logical().WriteWithContext(ctx, e.mount+"/sign/"+e.signer,
			map[string]any{"method": method, "path": path, "body": string(body)})
	})
	if err != nil {
		e.log.Info("a request was not signed", "signer", e.signer, "reason", err.Error())
		return nil, err
	}
	sum := sha256.Sum256(body)
	given, _ := answer.Data["headers"].(map[string]any)
	if len(given) == 0 || answer.Data["body_sha256"] != hex.EncodeToString(sum[:]) {
		return nil, &unavailable{"the answer of " + e.mount + "/sign/" + e.signer + " does not fit the request"}
	}
	headers := http.Header{}
	for name, value := range given {
		text, _ := value.(string)
		headers.Set(name, text)
	}
	return headers, nil
}

// ask asks Vault with the present Vault token. The error is a *refusal or an *unavailable.
func (e *engine) ask(ctx context.Context, question func(context.Context) (*api.Secret, error)) (*api.Secret, error) {
	if err := e.authenticate(); err != nil {
		return nil, &unavailable{err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, vaultTimeout)
	defer cancel()
	answer, err := question(ctx)
	var said *api.ResponseError
	switch {
	case errors.As(err, &said) && said.StatusCode < http.StatusInternalServerError && !said.RawError:
		return nil, &refusal{said.StatusCode, words(said.Errors)}
	case errors.As(err, &said) && !said.RawError:
		return nil, &unavailable{fmt.Sprintf("Vault answered %d: %s", said.StatusCode, words(said.Errors))}
	case errors.As(err, &said): // the text is that of whatever stands before Vault
		return nil, &unavailable{fmt.Sprintf("Vault's address answered %d", said.StatusCode)}
	case err != nil:
		return nil, &unavailable{"Vault gave no answer: " + cause(err)}
	case answer == nil || answer.Data == nil:
		return nil, &unavailable{"Vault has nothing there: is it a paxos mount, and recent enough?"}
	}
	return answer, nil
}

// words returns the errors of an answer of Vault as one text.
func words(errors []string) string {
	text := strings.Join(errors, "; ")
	if _, after, found := strings.Cut(text, "error occurred:\n\t* "); found {
		text = after
	}
	if text = strings.TrimSpace(text); text == "" {
		return "Vault gave no reason."
	}
	return text
}

// authenticate takes the Vault token from its file, if there is one. The file is read each time,
// because its time of change need not tell that it has changed.
func (e *engine) authenticate() error {
	if e.tokenFile == "" {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	text, err := os.ReadFile(e.tokenFile)
	token := strings.TrimSpace(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("-token-file: %w", err)
	case token == "":
		return fmt.Errorf("-token-file: %s is empty", e.tokenFile)
	case strings.ContainsAny(token, "{ \n"): // JSON is a wrapped token
		return fmt.Errorf("-token-file: %s is not a plain token: use a sink without wrap_ttl and encryption",
			e.tokenFile)
	}
	if token != e.vault.Token() {
		e.vault.SetToken(token)
		e.log.Info("the Vault token was read from its file")
	}
	return nil
}
