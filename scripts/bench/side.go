package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"
)

// A side is a path of one plugin that clients read, or write to.
type side struct {
	*testbed
	path   string
	leased bool
	answer string        // what an answer must have
	body   func() []byte // of each request, if the clients write; nil: they read
}

// check makes one request and checks the answer.
func (s side) check(ctx context.Context) error {
	text, err := s.ask(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	var answer api.Secret
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	if answer.Data[s.answer] == nil || (answer.LeaseID != "") != s.leased {
		return fmt.Errorf("%s does not answer as it should", s.path)
	}
	return nil
}

// turn lets the clients ask for one turn and returns how many requests per second were answered. It
// revokes the leases of the turn afterwards, so that every turn begins without leases and no lease ends
// while another turn is measured.
func (s side) turn(ctx context.Context, o options) (float64, error) {
	var (
		clients sync.WaitGroup
		answers atomic.Int64
		failed  = make(chan error, o.clients)
	)
	started := time.Now()
	for range o.clients {
		clients.Go(func() {
			for time.Since(started) < o.turn {
				if _, err := s.ask(ctx); err != nil {
					failed <- err
					return
				}
				answers.Add(1)
			}
		})
	}
	clients.Wait()
	rate := float64(answers.Load()) / time.Since(started).Seconds()
	close(failed)
	if err := <-failed; err != nil {
		return 0, fmt.Errorf("asking %s: %w", s.path, err)
	}
	if s.leased {
		if err := s.client.Sys().RevokePrefixWithContext(ctx, s.path); err != nil {
			return 0, fmt.Errorf("ending the leases of %s: %w", s.path, err)
		}
	}
	return rate, nil
}

// plain is a bare HTTP client. Vault's own client would use as much of the processor as a plugin does.
var plain = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}}

// ask makes one request and returns the answer.
func (s side) ask(ctx context.Context) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if s.body != nil {
		method, body = http.MethodPut, bytes.NewReader(s.body())
	}
	request, err := http.NewRequestWithContext(ctx, method, s.Address+"/v1/"+s.path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Vault-Token", s.RootToken)
	response, err := plain.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, text)
	}
	return text, err
}
