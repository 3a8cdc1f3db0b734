. "$docs_repository/scripts/docs/pages/runbooks.sh"
vault read -format=raw paxos/metrics
vault auth enable approle
ln -s "$docs_repository/docs" docs
as monitoring
