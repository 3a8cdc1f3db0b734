package backend

// Version is what the plugin reports to Vault, a semantic version with a v. The
// release sets it with -ldflags "-X vault-plugin-secrets-paxos/backend.Version=…".
var Version = "v0.1.0-dev"
