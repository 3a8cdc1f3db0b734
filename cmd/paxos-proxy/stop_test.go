package main

import (
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxostest"
)

// TestARequestEndsBeforeTheProxy stops the proxy while Paxos executes a payment.
func TestARequestEndsBeforeTheProxy(t *testing.T) {
	t.Parallel()
	p := newRoad(t, paxostest.Options{}).start(nil)
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	p.hear()
	hold := make(chan struct{})
	p.paxos.FailNext(paxostest.Operations, paxostest.Fault{Hold: hold})
	paid := make(chan answer, 1)
	go func() { paid <- p.pay("r-1", "1") }()
	<-p.listen // the payment has arrived at Paxos
	p.cancel()
	for { // until the proxy accepts no more connections
		connection, err := p.dial(t.Context(), "", "")
		if err != nil {
			break
		}
		_ = connection.Close()
	}
	select {
	case got := <-paid:
		t.Fatalf("the payment ended before Paxos answered: %v", got)
	default:
	}
	close(hold)
	p.expect("the payment", <-paid, 200, "")
	if err := p.stop(); err != nil {
		t.Errorf("the proxy ended with %v", err)
	}
	if executed := p.paxos.Executed(); len(executed) != 1 {
		t.Errorf("Paxos executed %+v", executed)
	}
}

// TestTheGraceHasAnEnd stops the proxy while Paxos does not answer.
func TestTheGraceHasAnEnd(t *testing.T) {
	t.Parallel()
	r := newRoad(t, paxostest.Options{})
	p := r.launch(func(_ *settings, within *deadlines) { within.grace = 50 * time.Millisecond })
	p.expect("before", p.send("GET", profiles, "", nil), 200, "")
	p.hear()
	p.paxos.FailNext(paxostest.Operations, paxostest.Fault{Hang: true})
	paid := make(chan answer, 1)
	go func() { paid <- p.pay("r-1", "1") }()
	<-p.listen
	if err := p.stop(); err == nil || !strings.Contains(err.Error(), "not completed") {
		t.Errorf("the proxy ended with %v", err)
	}
	if got := <-paid; got.err == nil {
		t.Errorf("the payment was answered with %d %s", got.status, got.body)
	}
}

// hear forgets the arrivals that were announced.
func (r *road) hear() {
	for {
		select {
		case <-r.listen:
		default:
			return
		}
	}
}
