# A mount in use: roles, a signing key with a signer, an audit device, and a client for a vendor.
ln -s "$docs_repository/docs" docs
start_paxos
configure_paxos
audit_on
vault write paxos/roles/mint-role scopes="funding:read_profile transfer:read_transfer"
vault write paxos/roles/payer operations=CreateCryptoWithdrawal
vault write paxos/roles/treasury scopes="funding:read_profile transfer:write_crypto_withdrawal"
vault write -force paxos/keys/payments
vault write paxos/keys/payments/kid \
  kid="$(vault read -field=public_key paxos/keys/payments | dashboard register-key root)"
vault write paxos/signers/payouts key=payments operations=CreateCryptoWithdrawal \
  sources=42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91 \
  destinations=crypto:ETHEREUM:0x00000000000000000000000000000000000000aa limits=USDC=1000 daily_limits=USDC=1000
cat >body.json <<'EOF'
{"ref_id": "invoice-1", "amount": "100", "asset": "USDC", "profile_id": "42bb1a2e-a68e-44d7-b5f1-59ccc5c13e91",
 "crypto_network": "ETHEREUM", "destination_address": "0x00000000000000000000000000000000000000aa"}
EOF
dashboard create vault-vendor-1 funding:read_profile >vendor-secret.txt
VENDOR_CLIENT_ID=$(dashboard id vault-vendor-1)
vault write identity/entity name=payouts
