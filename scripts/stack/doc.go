// Package stack runs everything on this machine, each as a separate process: a Vault server with the
// plugin, or a cluster of such servers, and the stand-in Paxos. The demo, the benchmark and the
// end-to-end tests use it. What it starts keeps its files in one temporary directory, and Close ends
// the processes and removes the directory.
package stack
