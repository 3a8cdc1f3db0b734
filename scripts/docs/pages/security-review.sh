. "$docs_repository/scripts/docs/pages/runbooks.sh"
# change_something: a colleague writes a role that moves money.
change_something() {
  VAULT_TOKEN=$root_token vault write paxos/roles/payer operations=CreateCryptoWithdrawal
}
vault policy write security-and-auditor - \
  < <(cat "$docs_repository"/docs/examples/policies/{security,auditor,installer}.hcl)
as security-and-auditor
