# What most pages of the API begin with: a configured mount, and a role whose tokens can read transfers.
start_paxos
configure_paxos
vault write paxos/roles/tracker operations=GetTransfer,ListTransfers
