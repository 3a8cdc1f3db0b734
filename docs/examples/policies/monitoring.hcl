# Prometheus. The metrics hold names of roles, clients and signers, and no secret.

path "paxos/metrics" {
  capabilities = ["read"]
}
