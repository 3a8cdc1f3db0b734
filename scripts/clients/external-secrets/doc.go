// Package externalsecrets has the tests of the example for the External Secrets Operator. The operator's own
// code reads tokens with the example's manifests: its generator and its provider for Vault, and not its
// controller. Vault and the plugin are real. Kubernetes is a small server that answers the two requests
// which the login needs.
//
// It is a module of its own, because the operator has hundreds of dependencies. It needs VAULT_BIN, the
// vault binary to run; `make test-clients` sets it.
package externalsecrets
