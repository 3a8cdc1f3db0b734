// Package stack runs the real thing on this machine: a Vault server with the plugin
// as a process of its own, or a cluster of them, and the stand-in Paxos. The demo and
// the end-to-end tests are made of it. All that it starts lives in one temporary
// directory and is gone after Close.
package stack
