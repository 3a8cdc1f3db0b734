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

// newEngine returns the mount. It returns an error if there is no Vault token.
func newEngine(vault *api.Client, wanted settings, log *slog.Logger) (*engine, error) {
	e := &engine{vault: vault, mount: wanted.mount, role: wanted.role, signer: wanted.signer,
		tokenFile: wanted.tokenFile, log: log}
	if e.tokenFile == "" && vault.Token() == "" {
		return nil, errors.New("there is no Vault token: set VAULT_TOKEN or -token-file")
	}
	return e, nil
}

// token is the source of access tokens.
func (e *engine) token(ctx context.Context, asked transport.Question) (transport.Token, error) {
	path := e.mount + "/token/" + e.role
	answer, err := e.ask(ctx, func(ctx context.Context) (*api.Secret, error) {
		if asked.RejectedID == "" {
			return e.vault.Logical().ReadWithContext(ctx, path)
		}
		return e.vault.Logical().WriteWithContext(ctx, path, map[string]any{"rejected_token_id": asked.RejectedID})
	})
	if err != nil {
		e.log.Warn("Vault did not issue an access token", "role", e.role, "reason", err.Error())
		return transport.Token{}, err
	}
	for _, warning := range answer.Warnings {
		e.log.Warn("Vault issued an access token with a warning", "role", e.role, "warning", warning)
	}
	seconds, _ := answer.Data["ttl"].(json.Number)
	ttl, err := seconds.Int64()
	token := transport.Token{TTL: time.Duration(ttl) * time.Second}
	var expiresAt string
	for name, field := range map[string]*string{"access_token": &token.AccessToken, "token_id": &token.ID,
		"client_id": &token.ClientID, "api_url": &token.APIURL, "expires_at": &expiresAt} {
		*field, _ = answer.Data[name].(string)
	}
	if end, err := time.Parse(time.RFC3339, expiresAt); err == nil {
		token.ExpiresAt = end
	}
	if err != nil || token.AccessToken == "" || token.ID == "" || token.APIURL == "" {
		return transport.Token{}, &unavailable{"the answer of " + path + " does not have the form that this version " +
			"of paxos-proxy expects"}
	}
	return token, nil
}

// sign asks the signer for a signature.
func (e *engine) sign(ctx context.Context, method, path string, body []byte) (transport.Signature, error) {
	answer, err := e.ask(ctx, func(ctx context.Context) (*api.Secret, error) {
		return e.vault.Logical().WriteWithContext(ctx, e.mount+"/sign/"+e.signer,
			map[string]any{"method": method, "path": path, "body": string(body)})
	})
	if err != nil {
		e.log.Info("Vault did not sign a request", "signer", e.signer, "reason", err.Error())
		return transport.Signature{}, err
	}
	sum := sha256.Sum256(body)
	given, _ := answer.Data["headers"].(map[string]any)
	if len(given) == 0 || answer.Data["body_sha256"] != hex.EncodeToString(sum[:]) {
		return transport.Signature{}, &unavailable{"the answer of " + e.mount + "/sign/" + e.signer +
			" does not match the request"}
	}
	signature := transport.Signature{Header: http.Header{}}
	signature.ClientID, _ = answer.Data["client_id"].(string)
	for name, value := range given {
		text, _ := value.(string)
		signature.Header.Set(name, text)
	}
	return signature, nil
}

// ask asks Vault with the present Vault token, and once more if that is refused and its file has another
// one by then. The error is a *refusal or an *unavailable.
func (e *engine) ask(ctx context.Context, question func(context.Context) (*api.Secret, error)) (*api.Secret, error) {
	if _, err := e.authenticate(); err != nil {
		return nil, &unavailable{err.Error()}
	}
	answer, err := e.askOnce(ctx, question)
	var no *refusal
	if errors.As(err, &no) && no.status == http.StatusForbidden {
		if changed, problem := e.authenticate(); problem == nil && changed {
			return e.askOnce(ctx, question)
		}
	}
	return answer, err
}

// askOnce asks Vault.
func (e *engine) askOnce(ctx context.Context,
	question func(context.Context) (*api.Secret, error)) (*api.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, vaultTimeout)
	defer cancel()
	answer, err := question(ctx)
	var said *api.ResponseError
	switch {
	case errors.As(err, &said) && said.StatusCode < http.StatusInternalServerError && !said.RawError:
		return nil, &refusal{said.StatusCode, words(said.Errors)}
	case errors.As(err, &said) && !said.RawError:
		return nil, &unavailable{fmt.Sprintf("Vault answered %d: %s", said.StatusCode, words(said.Errors))}
	case errors.As(err, &said): // the text comes from a server in front of Vault
		return nil, &unavailable{fmt.Sprintf("a server at Vault's address answered %d", said.StatusCode)}
	case err != nil:
		return nil, &unavailable{"Vault did not answer: " + cause(err)}
	case answer == nil || answer.Data == nil:
		return nil, &unavailable{"Vault has nothing at this path: check -mount, and that the plugin is as recent as paxos-proxy"}
	}
	return answer, nil
}
