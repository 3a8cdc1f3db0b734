# The page is about a mount that is not configured yet.
start_paxos
enable_paxos
# A mount at Paxos needs no authority of its own.
vault write paxos/config/connection override_trusted_ca=
