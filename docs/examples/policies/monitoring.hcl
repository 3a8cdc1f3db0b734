# Prometheus. The metrics contain no secrets. They do contain names of roles and signers, and which part of
# each daily limit is used, so treat them as confidential.

path "paxos/metrics" {
  capabilities = ["read"]
}
