// Package store keeps typed, versioned entries in Vault's storage, and caches them.
package store
