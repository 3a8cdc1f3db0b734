package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// checkInterval is how often the balancer asks the nodes which one is active. It is short, so that the
// time that clients wait for a new active node is that of Vault.
const checkInterval = 100 * time.Millisecond

// NoActiveNode is the error that clients of a cluster get while no node is active.
const NoActiveNode = "no node of the cluster is active"

// A balancer is the load balancer of a cluster. It has one address, and sends every request to the node
// that is active by its health check. It does not retry: a request to a node that has gone or is no
// longer active fails, and the client must retry.
type balancer struct {
	server  http.Server
	address string
	active  atomic.Pointer[url.URL] // as of the last check; nil: none
	stop    context.CancelFunc
}

// startBalancer starts a balancer for the nodes with these addresses.
func startBalancer(addresses []string) (*balancer, error) {
	nodes := make([]*url.URL, len(addresses))
	for i, address := range addresses {
		var err error
		if nodes[i], err = url.Parse(address); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the load balancer: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &balancer{address: "http://" + listener.Addr().String(), stop: stop}
	b.server.Handler = b.handler()
	go b.watch(ctx, nodes)
	go func() { _ = b.server.Serve(listener) }() // it returns when the server is closed
	return b, nil
}

// close stops the balancer and the requests that it is still serving.
func (b *balancer) close() error {
	b.stop()
	return b.server.Close()
}

// watch checks the health of all nodes until ctx ends.
func (b *balancer) watch(ctx context.Context, nodes []*url.URL) {
	client := &http.Client{Timeout: time.Second}
	for ticks := time.Tick(checkInterval); ctx.Err() == nil; <-ticks {
		var active *url.URL
		for _, node := range nodes {
			if isActive(ctx, client, node) {
				active = node
			}
		}
		b.active.Store(active)
	}
}

// isActive checks the health of a node in the way that Vault's documentation recommends for load
// balancers: the status is 200 only if the node is active.
func isActive(ctx context.Context, client *http.Client, node *url.URL) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, node.JoinPath("v1/sys/health").String(), nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// handler forwards requests to the active node.
func (b *balancer) handler() http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // all connections are to one host, the active node
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		active := b.active.Load()
		if active == nil {
			refuse(w, http.StatusServiceUnavailable, NoActiveNode)
			return
		}
		proxy := httputil.ReverseProxy{
			Transport: transport,
			Rewrite:   func(request *httputil.ProxyRequest) { request.SetURL(active) },
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				refuse(w, http.StatusBadGateway, err.Error())
			},
		}
		proxy.ServeHTTP(w, r)
	})
}

// refuse answers with an error in the form of Vault's.
func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {reason}}) // it fails only if the client has gone
}
