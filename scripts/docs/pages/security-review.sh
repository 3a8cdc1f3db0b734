. "$docs_repository/scripts/docs/pages/runbooks.sh"
# change_something: a colleague writes a role that moves money.
change_something() {
  VAULT_TOKEN=$root_token vault write paxos/roles/payer operations=CreateCryptoWithdrawal
}
vault write -f paxos/keys/payments
vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal sources=4d1c2a30-7d5b-4f0e-9a52-0e6f2b8f3c11 \
  destinations=crypto:ETHEREUM:0x1d1479c185d32eb90533a08b36b3cfa5f84a0e6b limits=USDC=1000 daily_limits=USDC=10000
vault policy write security-and-auditor - \
  < <(cat "$docs_repository"/docs/examples/policies/{security,auditor,installer}.hcl)
as security-and-auditor
