// Package vault has the scripts that find or build the server for the demo and the end-to-end tests, and
// tests of these scripts.
package vault
