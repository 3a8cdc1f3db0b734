# A role that can pay and a signer, as the report has them.
. "$docs_repository/scripts/docs/pages/api/sign.sh"
vault delete paxos/roles/tracker
vault write paxos/roles/payer operations=CreateCryptoWithdrawal
