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

// readHeaderTimeout bounds how long a client may take to send its request line and headers.
const readHeaderTimeout = 10 * time.Second

// idleTimeout is how long an unused connection is kept.
const idleTimeout = 2 * time.Minute

// A Server is one stand-in Paxos with one customer. Its methods may be called from any goroutine.
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

	closing     chan struct{} // closed by Close, so that nothing waits for a client any more
	closeOnce   sync.Once
	served      chan struct{}  // closed when the accept loop has ended
	connections sync.WaitGroup // one per open connection

	mu          sync.Mutex // guards everything below
	credentials []*credential
	byClientID  map[string]*credential
	tokens      []*token
	byHash      map[string]*token // by fingerprint
	transfers   map[string]transfer
	references  map[string]transfer // by ref_id

	grants          map[string]*grant // by token signature
	grantsByRequest map[string]*grant // by fosite's number of the token request
}

// Start listens and serves until Close.
func Start(options Options) (*Server, error) {
	options = options.withDefaults()
	listener, err := options.listen()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options:    options,
		listener:   listener,
		customerID: newUUID(),
		profileID:  newUUID(),
		throttle:   newThrottle(options.TokenLimit),
		closing:    make(chan struct{}),
		served:     make(chan struct{}),
		byClientID: map[string]*credential{},
		byHash:     map[string]*token{},
		transfers:  map[string]transfer{},
		references: map[string]transfer{},

		grants:          map[string]*grant{},
		grantsByRequest: map[string]*grant{},
	}
	s.oauth = newProvider(oauthStore{s}, options.TokenLifetime)
	s.api = s.newAPI()
	s.control = s.newControl()
	if err := s.serveInBackground(); err != nil {
		_ = listener.Close() // nothing was served; the first cause is the one to report
		return nil, fmt.Errorf("starting the stand-in Paxos: %w", err)
	}
	return s, nil
}

// serveInBackground starts the accept loop. It speaks HTTP/1.1 only, so that dropping a connection
// drops one request.
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
		authority, err := newAuthority(s.hosts())
		if err != nil {
			return err
		}
		s.certificate = authority.certificate
		listener = authority.wrap(listener)
	}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // always ends with an error: that of Close
	}()
	return nil
}

// trackConnection keeps the count that Close waits for.
func (s *Server) trackConnection(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.connections.Done()
	}
}

// Close stops the server: it drops every connection, hung ones too, and returns when all its
// goroutines are done.
func (s *Server) Close() {
	s.closeOnce.Do(func() { close(s.closing) })
	_ = s.http.Close() // the listener's own error: it is closed either way
	<-s.served
	s.connections.Wait()
}

// wait returns true after d, or false as soon as the client has gone or the server closes. A zero d
// waits for those two only.
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

// now is the time as Paxos sees it.
func (s *Server) now() time.Time { return s.options.Now() }
