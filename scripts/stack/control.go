package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// An IssuedToken is what the stand-in says about one token that it has issued.
type IssuedToken struct {
	Fingerprint string   `json:"fingerprint"` // the engine calls it token_id
	Scopes      []string `json:"scopes"`
	Alive       bool     `json:"alive"`
}

// Tokens returns every token that the stand-in has issued, in that order.
func (s *Sandbox) Tokens(ctx context.Context) ([]IssuedToken, error) {
	var answer struct {
		Tokens []IssuedToken `json:"tokens"`
	}
	err := s.Control(ctx, http.MethodGet, "tokens", nil, &answer)
	return answer.Tokens, err
}

// Token returns what the stand-in says about the token with this fingerprint.
func (s *Sandbox) Token(ctx context.Context, fingerprint string) (IssuedToken, error) {
	tokens, err := s.Tokens(ctx)
	for _, token := range tokens {
		if token.Fingerprint == fingerprint {
			return token, nil
		}
	}
	return IssuedToken{}, errors.Join(fmt.Errorf("the stand-in did not issue the token %q", fingerprint), err)
}

// CreateCredential makes a client at Paxos, as a person does in the Dashboard.
func (s *Sandbox) CreateCredential(ctx context.Context, nickname string, scopes ...string) (clientID, secret string,
	err error) {
	var made struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	err = s.Control(ctx, http.MethodPost, "credentials", map[string]any{"nickname": nickname, "scopes": scopes}, &made)
	return made.ClientID, made.ClientSecret, err
}

// Fail makes requests fail. The fault has the members that the control API takes, such as endpoint,
// status and hang.
func (s *Sandbox) Fail(ctx context.Context, fault map[string]any) error {
	return s.Control(ctx, http.MethodPost, "faults", fault, nil)
}

// Heal removes every fault.
func (s *Sandbox) Heal(ctx context.Context) error {
	return s.Control(ctx, http.MethodDelete, "faults", nil, nil)
}

// Control sends a request to the control API of the stand-in. It decodes the answer unless answer is
// nil.
func (s *Sandbox) Control(ctx context.Context, method, path string, form, answer any) error {
	body, err := json.Marshal(form)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+"/sandbox/"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the stand-in: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("asking the stand-in for %s: %s", path, response.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
