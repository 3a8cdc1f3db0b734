. "$docs_repository/scripts/docs/pages/api.sh"
vault write paxos/roles/payer operations=CreateCryptoWithdrawal
