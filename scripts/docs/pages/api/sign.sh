. "$docs_repository/scripts/docs/pages/api/keys-rotate.sh"
vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
  sources=42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91 \
  destinations=crypto:ETHEREUM:0x1db3439a222c519ab44bb1144fc28167b4fa6ee6 limits=USDC=1000 daily_limits=USDC=10000
cat >body.json <<'BODY'
{
  "profile_id": "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91",
  "ref_id": "invoice-17",
  "amount": "99.50",
  "asset": "USDC",
  "crypto_network": "ETHEREUM",
  "destination_address": "0x1db3439a222c519ab44bb1144fc28167b4fa6ee6"
}
BODY
