# A mount with its root client.
ln -s "$docs_repository/docs" docs
start_paxos
configure_paxos
