package main

import (
	"errors"
	"flag"
	"time"
)

// options are the values of the flags.
type options struct {
	clients  int           // how many read at the same time
	rounds   int           // how many are measured; each gives one ratio
	turn     time.Duration // how long a side reads at a time; a round has two turns of each side
	proxy    bool          // measure what paxos-proxy adds to a request, and nothing else
	baseline string        // the binary of another build of the engine; empty: the plugin that does nothing
}

// parse reads the options.
func parse(arguments []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.clients, "clients", 16, "how many clients read at once")
	flags.IntVar(&o.rounds, "rounds", 60, "how many rounds are measured, each of two turns of either plugin")
	flags.DurationVar(&o.turn, "turn", 250*time.Millisecond, "how long a turn lasts")
	flags.StringVar(&o.baseline, "baseline", "", "the binary of another build of the engine to compare with, in "+
		"place of the plugin that does nothing")
	flags.BoolVar(&o.proxy, "proxy", false, "measure what paxos-proxy adds to a read and to a signed payment, in place "+
		"of reads from Vault; a round is 20 requests of each kind")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.clients < 1 || o.rounds < 1 || o.turn <= 0 {
		return o, errors.New("-clients, -rounds and -turn must be positive")
	}
	return o, nil
}
