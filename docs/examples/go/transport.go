package main

import (
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	attempts    = 6                      // of one request
	firstWait   = 500 * time.Millisecond // doubled after each attempt
	longestWait = 30 * time.Second       // if Paxos asks for more, its answer is returned
)

// newTransport returns a transport that adds a token to each request, replaces a token that Paxos
// rejects, and repeats requests. It sends requests only to Paxos.
func newTransport(tokens *vaultTokens) http.RoundTripper {
	return &reauthorizing{tokens: tokens, base: &oauth2.Transport{Source: tokens, Base: retrying{http.DefaultTransport}}}
}

// A reauthorizing reports a token that Paxos answered with 401, and repeats the request with a new one.
type reauthorizing struct {
	tokens *vaultTokens
	base   http.RoundTripper
}

func (t *reauthorizing) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.tokens.belongTo(request.URL); err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // nothing was sent
		}
		return nil, err
	}
	response, err := t.base.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	again, ok := repeat(request)
	if !ok {
		return response, nil
	}
	discard(response)
	rejected := strings.TrimPrefix(response.Request.Header.Get("Authorization"), "Bearer ")
	if err := t.tokens.reject(rejected); err != nil {
		return nil, err
	}
	return t.base.RoundTrip(again)
}

// A retrying repeats requests after 429, 5xx and broken connections. A request that moves money may only
// be repeated because its body, with its ref_id, is the same each time.
type retrying struct{ base http.RoundTripper }

func (t retrying) RoundTrip(request *http.Request) (*http.Response, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		response, err := t.base.RoundTrip(request)
		if err == nil && response.StatusCode != http.StatusTooManyRequests && response.StatusCode < 500 {
			return response, nil
		}
		pause, ok := pauseBefore(response, wait)
		again, repeatable := repeat(request)
		if !ok || !repeatable || attempt == attempts || request.Context().Err() != nil {
			return response, err
		}
		if response != nil {
			log.Printf("Paxos answered HTTP %d; retrying in %s", response.StatusCode, pause)
			discard(response)
		} else {
			log.Printf("Paxos did not answer; retrying in %s", pause)
		}
		select {
		case <-request.Context().Done():
			return nil, request.Context().Err()
		case <-time.After(pause):
		}
		request, wait = again, 2*wait
	}
}

// pauseBefore returns how long to wait before the next attempt: as long as Paxos says, or half of wait;
// and some more, so that clients that failed together do not come back together.
func pauseBefore(response *http.Response, wait time.Duration) (pause time.Duration, ok bool) {
	pause = wait / 2
	if response != nil {
		text := response.Header.Get("Retry-After")
		if seconds, err := strconv.Atoi(text); err == nil {
			pause = time.Duration(seconds) * time.Second
		} else if date, err := http.ParseTime(text); err == nil {
			pause = max(pause, time.Until(date))
		}
	}
	asked := pause
	pause += rand.N(wait / 2)
	return pause.Round(time.Millisecond), asked <= longestWait
}

// repeat returns the request with its body at the beginning. It returns false if the body cannot be sent
// twice.
func repeat(request *http.Request) (*http.Request, bool) {
	again := request.Clone(request.Context())
	if request.Body == nil || request.Body == http.NoBody {
		return again, true
	}
	if request.GetBody == nil {
		return nil, false
	}
	body, err := request.GetBody()
	again.Body = body
	return again, err == nil
}

// discard reads a body to its end, so that the connection can be used again.
func discard(response *http.Response) {
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // if it fails, another connection is made
}
