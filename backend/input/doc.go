// Package input judges what a caller sent before anything acts on it: names, types, scopes.
// Its errors name the parameter and the remedy. They never repeat a value that may be a secret.
package input
