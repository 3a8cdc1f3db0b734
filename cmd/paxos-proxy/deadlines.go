package main

import "time"

// deadlines are the times that an application can have for a request.
type deadlines struct {
	header time.Duration // to send the head of a request
	read   time.Duration // to send all of a request
	write  time.Duration // from the head of the request to the end of the answer
	idle   time.Duration // between two requests on one connection
	grace  time.Duration // to end once the program has been told to end
}

// deadlines returns the times for a Paxos that has the timeout to answer.
func (w settings) deadlines() deadlines {
	d := deadlines{header: 10 * time.Second, read: 30 * time.Second, idle: 2 * time.Minute}
	// Vault is asked for a token, a signature and another token, Paxos twice; the rest is for the
	// body of the answer.
	d.write = d.read + 3*vaultTimeout + 2*w.timeout + time.Minute
	d.grace = w.timeout + 5*time.Second
	return d
}
