# Prometheus. The metrics contain names of roles and signers, but no secrets.

path "paxos/metrics" {
  capabilities = ["read"]
}
