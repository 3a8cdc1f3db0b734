# The page is about a mount that is not configured yet.
start_paxos
enable_paxos
