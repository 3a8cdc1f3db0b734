package paxostest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ory/fosite"
)

// readHeaderTimeout is how long a client may take to send its request line and headers.
const readHeaderTimeout = 10 * time.Second

// idleTimeout is how long an unused connection is kept.
const idleTimeout = 2 * time.Minute

// A Server is a stand-in Paxos with one customer (a Paxos Entity). Its methods are safe for concurrent
// use.
type Server struct {
	options     Options
	listener    net.Listener
	http        *http.Server
	certificate string
	customerID  string
	profileID   string

	api     *http.ServeMux
	control *http.ServeMux
	oauth   fosite.OAuth2Provider

	calls    callCounter
	faults   faultQueue
	throttle *throttle

	closing     chan struct{} // closed by Close, so that no handler waits any longer
	closeOnce   sync.Once
	served      chan struct{}  // closed when the accept loop has ended
	connections sync.WaitGroup // one per open connection

	mu          sync.Mutex // guards the fields below
	credentials []*credential
	byClientID  map[string]*credential
	tokens      []*token
	byHash      map[string]*token // by fingerprint
	transfers   map[string]transfer
	executed    []Execution
	references  map[string]any // what was created, as the API answers it, by ref_id
	enforcement Enforcement

	grants          map[string]*grant // by token signature
	grantsByRequest map[string]*grant // by fosite's id of the token request
}

// Start starts a server, which serves until Close. The error says that it cannot listen on the address,
// or may not because other machines can reach it, or that the options demand signatures of an
// operation that does not exist.
func Start(options Options) (*Server, error) {
	options = options.withDefaults()
	enforcement := options.Signatures.withDefaults()
	if err := enforcement.validate(); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	listener, err := options.listen()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options:     options,
		listener:    listener,
		enforcement: enforcement,
		customerID:  newUUID(),
		profileID:   newUUID(),
		throttle:    newThrottle(options.TokenLimit),
		closing:     make(chan struct{}),
		served:      make(chan struct{}),
		byClientID:  map[string]*credential{},
		byHash:      map[string]*token{},
		transfers:   map[string]transfer{},
		references:  map[string]any{},

		grants:          map[string]*grant{},
		grantsByRequest: map[string]*grant{},
	}
	s.oauth = newProvider(oauthStore{s}, options.TokenLifetime)
	s.api = s.newAPI()
	s.control = s.newControl()
	if err := s.serveInBackground(); err != nil {
		_ = listener.Close() // nothing was served, and the first error is the one to report
		return nil, fmt.Errorf("starting the stand-in Paxos: %w", err)
	}
	return s, nil
}

// serveInBackground starts to accept connections. It offers HTTP/1.1 only, so that closing a connection
// ends exactly one request.
func (s *Server) serveInBackground() error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		Protocols:         protocols,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         s.trackConnection,
	}
	listener := s.listener
	if s.options.TLS {
		signer, err := newAuthority(s.hosts())
		if err != nil {
			return err
		}
		s.certificate = signer.certificate
		listener = signer.wrap(listener)
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // always returns an error, since Close ends it
	}()
	return nil
}

// trackConnection counts the open connections, which Close waits for.
func (s *Server) trackConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.connections.Done()
	}
}

// Close stops the server. It closes every connection, including those whose request hangs, and returns
// when all goroutines of the server have ended.
func (s *Server) Close() {
	s.closeOnce.Do(func() { close(s.closing) })
	_ = s.http.Close() // an error is that of a listener that is closed anyway
	<-s.served
	s.connections.Wait()
}

// wait waits for d by the real clock and returns true. It returns false as soon as the client has gone
// or the server closes. With d = 0 it waits only for one of those.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	var elapsed <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		elapsed = timer.C
	}
	select {
	case <-elapsed:
		return true
	case <-ctx.Done():
		return false
	case <-s.closing:
		return false
	}
}

// now returns the time by the clock of the server.
func (s *Server) now() time.Time { return s.options.Now() }
