# The root client may send withdrawals. Nothing is in the mount yet. The audit log shows the fields that step 7 of
# the page links to.
start_paxos
configure_paxos
audit_on
in_clear=(token_id client_id scope expires_at operation ref_id source destination asset amount kid timestamp
  body_sha256 signature_id)
vault secrets tune "${in_clear[@]/#/-audit-non-hmac-response-keys=}" paxos/
PROFILE_ID=11111111-2222-4333-8444-555555555555
ADDRESS=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed

# pay REF_ID: what the application does between the steps of a rotation: it pays once more.
pay() {
  local token signature
  sed "s/invoice-17/$1/; s/ \"amount\"/ \"beneficiary\": {\"name\": \"Canary Beneficiary\"}, \"amount\"/" body.json >pay.json
  token=$(vault read -field=access_token paxos/token/payer)
  signature=$(vault write -format=json -field=headers paxos/sign/payouts method=POST \
    path=/v2/transfer/crypto-withdrawals body=@pay.json | jq -r '."Paxos-Signature"')
  curl -sS --fail-with-body -o pay.answer -H "Authorization: Bearer $token" -H "Paxos-Signature: $signature" \
    -H 'Content-Type: application/json' --data-binary @pay.json "https://$docs_api/v2/transfer/crypto-withdrawals"
}

# check_page: Paxos has executed each payment once, with a signature of the key that was active, and the
# audit log has what an auditor needs and nothing of a body.
check_page() {
  expect 'what Paxos executed' "$(
    printf '%s\n' "rotation-1 99.50 $KEY_ID" "rotation-2 99.50 $KEY_ID" "rotation-3 99.50 $NEW_KEY_ID" \
      "invoice-17 99.50 $NEW_KEY_ID" "invoice-18 99.50 $NEW_KEY_ID" "invoice-19 99.50 $NEW_KEY_ID"
  )" "$(paxos GET executed | jq -r '.executed[] | "\(.ref_id) \(.amount) \(.key_id)"')"
  expect 'public_key of the key' "$(cat payments-2.pem)" "$(vault read -field=public_key paxos/keys/payments)"
  expect 'the probe in status' enforced "$(vault read -format=json paxos/status | jq -r .data.probe.signing_enforced)"
  check_audit
  vault patch paxos/signers/payouts daily_limits=USDC=1000 limits=USDC=1000 limits=USD=500
  expect 'two limits' '{"USD":"500","USDC":"1000"}' \
    "$(vault read -format=json -field=limits paxos/signers/payouts | jq -cS .)"
}

# check_audit: checks the answers of the audit log that have a signature.
check_audit() {
  jq -c 'select(.type == "response" and .request.path == "paxos/sign/payouts" and .response.data.signature_id != null)' \
    audit.log >signatures.json
  expect 'signatures in the audit log' 6 "$(wc -l <signatures.json | tr -d ' ')"
  expect 'fields of the audit log' "$(printf "CreateCryptoWithdrawal $PROFILE_ID crypto:ETHEREUM:$ADDRESS USDC 99.50 \
$PAXOS_CLIENT_ID %s\n" rotation-1 rotation-2 rotation-3 invoice-17 invoice-18 invoice-19)" \
    "$(jq -r '.response.data | "\(.operation) \(.source) \(.destination) \(.asset) \(.amount) \(.client_id) \(.ref_id)"' \
      signatures.json)"
  expect 'SHA-256 of the last body' "$(sha256sum body.json | cut -d' ' -f1)" \
    "$(tail -n 1 signatures.json | jq -r .response.data.body_sha256)"
  expect 'signature_id' "$(sed -n 's/^Paxos-Signature: //p' signature.header | tr -d '\n' | sha256sum | cut -c1-32)" \
    "$(jq -r 'select(.response.data.ref_id == "invoice-18") | .response.data.signature_id' signatures.json)"
  expect 'fields in clear' 0 "$(jq '.response.data | .kid, .timestamp, .expires_at' signatures.json | grep -c -e hmac -e null || true)"
  expect 'bodies and headers that are HMACed' 6 \
    "$(jq -c '[.request.data.body, .response.data.headers]' signatures.json | grep -c '^\["hmac-sha256:.*"hmac-sha256:' || true)"
  expect 'tokens and signatures in the logs' 0 "$(cat audit.log "$docs_server_log" |
    grep -c -F -e "$(cat token)" -e "$(sed -n 's/^Paxos-Signature: //p' signature.header)" || true)"
  expect 'beneficiaries in the audit log' 0 "$(grep -c 'Canary Beneficiary' audit.log || true)"
}
