package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A side is a path of one plugin that clients read.
type side struct {
	*testbed
	path   string
	leased bool
}

// check reads once and checks the answer.
func (s side) check(ctx context.Context) error {
	answer, err := s.client.Logical().ReadWithContext(ctx, s.path)
	if err != nil {
		return err
	}
	if answer == nil || answer.Data["access_token"] == nil || (answer.LeaseID != "") != s.leased {
		return fmt.Errorf("%s does not answer as it should", s.path)
	}
	return nil
}

// turn lets the clients read for one turn and returns how many reads per second were answered. It
// revokes the leases of the turn afterwards, so that every turn begins without leases and no lease ends
// while another turn is measured.
func (s side) turn(ctx context.Context, o options) (float64, error) {
	var (
		clients sync.WaitGroup
		reads   atomic.Int64
		failed  = make(chan error, o.clients)
	)
	started := time.Now()
	for range o.clients {
		clients.Go(func() {
			for time.Since(started) < o.turn {
				if err := s.read(ctx); err != nil {
					failed <- err
					return
				}
				reads.Add(1)
			}
		})
	}
	clients.Wait()
	rate := float64(reads.Load()) / time.Since(started).Seconds()
	close(failed)
	if err := <-failed; err != nil {
		return 0, fmt.Errorf("reading %s: %w", s.path, err)
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

// read reads the path once.
func (s side) read(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Address+"/v1/"+s.path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Vault-Token", s.RootToken)
	response, err := plain.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}
