package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
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

// tokenRequests matches the number of token requests in what the stand-in says of its calls.
var tokenRequests = regexp.MustCompile(`"token":([0-9]+)`)

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
	answer, err := s.shell(ctx, "curl -sS "+s.paxos.sandbox.URL+`/sandbox/calls | grep -o '"token":[0-9]*'`)
	if err != nil {
		return err
	}
	found := tokenRequests.FindStringSubmatch(answer)
	if found == nil {
		return errors.New("the stand-in does not say how many tokens were requested")
	}
	count, err := strconv.Atoi(found[1])
	if err == nil && count-s.before != want {
		err = fmt.Errorf("%d tokens of this role were requested from Paxos, not %d", count-s.before, want)
	}
	return err
}

// expectState returns an error unless the token is valid, or has ended, as it should. It asks the API,
// which accepts valid tokens only, and also the stand-in.
func (s *story) expectState(ctx context.Context, token issued, valid bool) error {
	if s.paxos.sandbox != nil {
		if err := s.expectAnswer(ctx, "curl -sS "+s.paxos.sandbox.URL+"/sandbox/tokens/"+token.id+
			` | grep -o '"alive":[a-z]*'`, fmt.Sprintf(`"alive":%t`, valid)); err != nil {
			return err
		}
	}
	want := http.StatusUnauthorized
	if valid {
		want = http.StatusOK
	}
	return s.expectStatus(ctx, token, "/profiles", want)
}

// expectStatus sends a GET with the token to Paxos and returns an error unless it has the status. It
// tries for some seconds, because the end of a token may take a moment at the real Paxos.
func (s *story) expectStatus(ctx context.Context, token issued, path string, want int) error {
	command := fmt.Sprintf(`curl -sS -w '\nHTTP %%{http_code}\n' -H 'Authorization: Bearer %s' %s%s`, token.text,
		token.apiURL, path)
	s.typed("%s", command)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var answer []byte
	err := stack.Await(ctx, time.Second, func() (err error) {
		answer, err = stack.Shell(ctx, s.prompt+"\n"+command).CombinedOutput()
		if err == nil && !bytes.HasSuffix(bytes.TrimSpace(answer), fmt.Appendf(nil, "HTTP %d", want)) {
			err = fmt.Errorf("paxos did not answer %d to GET %s", want, path)
		}
		return err
	})
	s.shown(string(answer))
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
