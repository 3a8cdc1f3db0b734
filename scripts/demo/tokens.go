package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"vault-plugin-secrets-paxos/scripts/stack"
)

// issued is an answer of creds/.
type issued struct {
	text, id, lease, apiURL string
}

// read reads a token of the role.
func (s *story) read(ctx context.Context) (issued, error) {
	answer, err := s.vault(ctx, "read", "paxos/creds/"+roleName)
	if err != nil {
		return issued{}, err
	}
	got := issued{value(answer, "access_token"), value(answer, "token_id"), value(answer, "lease_id"),
		value(answer, "api_url")}
	if got.text == "" || got.id == "" || got.lease == "" || got.apiURL == "" {
		return issued{}, errors.New("the answer lacks access_token, token_id, lease_id or api_url")
	}
	return got, nil
}

// requests returns how many token requests the stand-in has had.
func (s *story) requests(ctx context.Context) (int, error) {
	var counted calls
	err := s.paxos.sandbox.Control(ctx, http.MethodGet, "calls", nil, &counted)
	return counted.Endpoints["token"], err
}

// expectRequests returns an error unless the role has caused this number of token requests. It checks
// nothing at the real Paxos, which does not count them.
func (s *story) expectRequests(ctx context.Context, want int) error {
	if s.paxos.sandbox == nil {
		return nil
	}
	s.typed("curl %s/sandbox/calls | jq .endpoints.token", s.paxos.sandbox.URL)
	count, err := s.requests(ctx)
	if err != nil {
		return err
	}
	s.shown(fmt.Sprintf("%d   (%d of them for this role)", count, count-s.before))
	if count-s.before != want {
		return fmt.Errorf("paxos was asked for %d tokens of this role, not %d", count-s.before, want)
	}
	return nil
}

// expectState returns an error unless the token is alive, or has ended, as it should. It asks the API,
// which accepts live tokens only, and also the stand-in.
func (s *story) expectState(ctx context.Context, token issued, alive bool) error {
	if s.paxos.sandbox != nil {
		var state tokenState
		s.typed("curl %s/sandbox/tokens/%s | jq .alive", s.paxos.sandbox.URL, token.id)
		if err := s.paxos.sandbox.Control(ctx, http.MethodGet, "tokens/"+token.id, nil, &state); err != nil {
			return err
		}
		s.shown(fmt.Sprint(state.Alive))
		if state.Alive != alive {
			return fmt.Errorf("at Paxos the token's alive is %t, not %t", state.Alive, alive)
		}
	}
	want := http.StatusUnauthorized
	if alive {
		want = http.StatusOK
	}
	return s.expectStatus(ctx, token, "/profiles", want)
}

// expectStatus sends a GET with the token to Paxos and returns an error unless it has the status. It
// tries for some seconds, because the end of a token may take a moment at the real Paxos.
func (s *story) expectStatus(ctx context.Context, token issued, path string, want int) error {
	s.typed("curl -H 'Authorization: Bearer %s' %s%s", token.text, token.apiURL, path)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var answer string
	err := stack.Await(ctx, time.Second, func() (err error) {
		var code int
		if code, answer, err = get(ctx, token, path); err == nil && code != want {
			err = fmt.Errorf("paxos answered %d to GET %s, not %d", code, path, want)
		}
		return err
	})
	s.shown(answer)
	return err
}

// readToken reads the first token.
func (s *story) readToken(ctx context.Context) (err error) {
	if s.paxos.sandbox != nil {
		if s.before, err = s.requests(ctx); err != nil {
			return err
		}
	}
	s.title("An application reads a token")
	if s.first, err = s.read(ctx); err != nil {
		return err
	}
	if err := s.expectRequests(ctx, 1); err != nil {
		return err
	}
	s.proved("The token has a lease, and is valid for at most an hour.")
	return nil
}

// useToken calls an operation that the scopes of the token allow, and one that they do not allow.
func (s *story) useToken(ctx context.Context) error {
	s.title("Paxos accepts the token for the role's scopes only")
	if err := s.expectStatus(ctx, s.first, "/profiles", http.StatusOK); err != nil {
		return err
	}
	if err := s.expectStatus(ctx, s.first, "/api-creds/credentials", http.StatusForbidden); err != nil {
		return err
	}
	s.proved("The role does not have the scope api_creds:read_credentials, so the token does not have it.")
	return nil
}

// share reads the role again, and gets the same token.
func (s *story) share(ctx context.Context) (err error) {
	s.title("A second reader gets the same token, without a request to Paxos")
	if s.second, err = s.read(ctx); err != nil {
		return err
	}
	if s.second.text != s.first.text || s.second.lease == s.first.lease {
		return errors.New("the second reader did not get the same token on a lease of its own")
	}
	if err := s.expectRequests(ctx, 1); err != nil {
		return err
	}
	s.proved("Paxos allows 300 token requests per 5 minutes and address, then refuses all requests for a while. This read sent none.")
	return nil
}

// revoke ends both leases. The token ends with the second one.
func (s *story) revoke(ctx context.Context) error {
	s.title("When the last lease ends, the token is revoked at Paxos")
	if _, err := s.vault(ctx, "lease", "revoke", "-sync", s.first.lease); err != nil {
		return err
	}
	if err := s.expectState(ctx, s.second, true); err != nil {
		return err
	}
	if _, err := s.vault(ctx, "lease", "revoke", "-sync", s.second.lease); err != nil {
		return err
	}
	if err := s.expectState(ctx, s.second, false); err != nil {
		return err
	}
	s.proved("When the first lease ended, the token stayed valid for the other reader. When the last one ended, it was revoked.")
	return nil
}

// get sends a GET with the token to Paxos's API and returns the status, and the status line and body.
func get(ctx context.Context, token issued, path string) (code int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, token.apiURL+path, nil)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+token.text)
	response, err := paxosAPI.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("calling Paxos: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return 0, "", fmt.Errorf("reading what Paxos answered: %w", err)
	}
	return response.StatusCode, fmt.Sprintf("HTTP %s\n%s", response.Status, body), nil
}
