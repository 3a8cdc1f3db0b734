package main

import (
	"errors"
	"flag"
	"slices"
	"time"
)

// options are the values of the flags.
type options struct {
	clients    int           // how many ask at the same time
	rounds     int           // how many are measured; each gives one ratio
	turn       time.Duration // how long a side is asked at a time; a round has two turns of each side
	baseline   string        // the binary of another build of the engine; empty: the plugin that does nothing
	signatures bool          // measure signatures, not tokens
	proxy      bool          // measure what paxos-proxy adds to a request, and nothing else
	storage    string        // of Vault
}

// parse reads the options.
func parse(arguments []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.clients, "clients", 16, "number of clients that send requests at the same time")
	flags.IntVar(&o.rounds, "rounds", 60, "number of measured rounds; in a round each plugin has two turns")
	flags.DurationVar(&o.turn, "turn", 250*time.Millisecond, "duration of a turn")
	flags.StringVar(&o.baseline, "baseline", "", "compare with the binary of another build of the plugin, in "+
		"place of the plugin that does nothing")
	flags.BoolVar(&o.signatures, "signatures", false, "measure signatures instead of tokens, and compare with transit")
	flags.StringVar(&o.storage, "storage", inMemory, "Vault's storage: memory, file, or raft with one node")
	flags.BoolVar(&o.proxy, "proxy", false, "measure what paxos-proxy adds to a read and to a signed payment, instead "+
		"of reads from Vault; a round is 20 requests of each kind")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	if o.clients < 1 || o.rounds < 1 || o.turn <= 0 {
		return o, errors.New("-clients, -rounds and -turn must be positive")
	}
	if !slices.Contains(storages, o.storage) {
		return o, errors.New("-storage must be memory, file or raft")
	}
	return o, nil
}

// The storages that Vault can have.
const (
	inMemory = "memory"
	inFiles  = "file"
	byRaft   = "raft"
)

var storages = []string{inMemory, inFiles, byRaft}
