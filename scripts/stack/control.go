package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// A MintedToken is what the stand-in says of one token that it has minted.
type MintedToken struct {
	Fingerprint string   `json:"fingerprint"` // also the token_id of the engine
	Scopes      []string `json:"scopes"`
	Alive       bool     `json:"alive"`
}

// Tokens lists every token that the stand-in has ever minted, in order.
func (s *Sandbox) Tokens(ctx context.Context) ([]MintedToken, error) {
	var answer struct {
		Tokens []MintedToken `json:"tokens"`
	}
	err := s.Control(ctx, http.MethodGet, "tokens", nil, &answer)
	return answer.Tokens, err
}

// Fail makes requests fail as the fault says, in the terms of the control API:
// endpoint, status, hang and the like.
func (s *Sandbox) Fail(ctx context.Context, fault map[string]any) error {
	return s.Control(ctx, http.MethodPost, "faults", fault, nil)
}

// Heal ends every fault.
func (s *Sandbox) Heal(ctx context.Context) error {
	return s.Control(ctx, http.MethodDelete, "faults", nil, nil)
}

// Control sends a request to the stand-in's control API and reads the answer.
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
