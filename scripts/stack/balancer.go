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

// checkInterval is how often the balancer asks the nodes which is active: so often
// that the time its clients wait for a new one is Vault's.
const checkInterval = 100 * time.Millisecond

// NoActiveNode is what clients of a cluster are told while no node is active.
const NoActiveNode = "no node of the cluster is active"

// A balancer is the one address of a cluster, like the load balancer that companies
// put in front: it sends every request to the node whose health check says that it
// is active. It hides nothing: a request that meets a node that is gone, or no longer
// active, fails, and to try again is the client's business.
type balancer struct {
	server  http.Server
	address string
	active  atomic.Pointer[url.URL] // as of the last check; nil: none
	stop    context.CancelFunc
}

// startBalancer starts a balancer of the nodes with these addresses.
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
	go func() { _ = b.server.Serve(listener) }() // it ends when it is closed
	return b, nil
}

// close ends the balancer, and whatever it still serves.
func (b *balancer) close() error {
	b.stop()
	return b.server.Close()
}

// watch asks all nodes how they are until ctx ends.
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

// isActive asks a node as Vault's documentation says load balancers should: the
// answer is 200 if it is active and nothing else.
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

// handler passes requests on to the active node.
func (b *balancer) handler() http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // there is only one host at a time
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

// refuse answers in the form of Vault's errors.
func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]string{"errors": {reason}}) // the client has gone
}
