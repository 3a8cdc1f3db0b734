# The page itself configures the mount.
start_paxos
enable_paxos
