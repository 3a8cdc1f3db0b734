# The login of the report, where systemd would put it. Its tokens can be counted by their policy.
. "$docs_repository/scripts/docs/pages/examples.sh"
vault policy write paxos-auditor docs/examples/policies/auditor.hcl
vault write auth/approle/role/paxos-report token_policies=paxos-auditor token_ttl=5m
mkdir credentials state
vault read -field=role_id auth/approle/role/paxos-report/role-id >credentials/role-id
vault write -force -field=secret_id auth/approle/role/paxos-report/secret-id >credentials/secret-id

# sessions: counts the Vault tokens that have the policy of the report.
sessions() {
  local accessor count=0
  for accessor in $(vault list -format=json auth/token/accessors | jq -r '.[]'); do
    if vault token lookup -format=json -accessor "$accessor" | jq -e '.data.policies | index("paxos-auditor")' >/dev/null
    then
      count=$((count + 1))
    fi
  done
  echo "$count"
}

check_page() {
  expect 'Vault tokens that the report left' 0 "$(sessions)"
  expect 'files in the folder of the report' report.html "$(ls -A state)"
  expect 'who can read the report' -rw------- "$(stat -c %A state/report.html)"
  # A role that may do everything is a finding of severity high. The report is written all the same.
  vault write paxos/roles/payer operations=CreateCryptoWithdrawal
  vault write paxos/config/guardrails allow_admin_scopes=true
  local code=0
  docs/examples/systemd/report.sh || code=$?
  expect 'the exit code with a finding' 3 "$code"
  grep -q payer state/report.html

  # Without an answer of the mount, the report of yesterday is kept and the unit fails.
  cp state/report.html yesterday.html
  vault policy write paxos-auditor - <<'EOF'
path "paxos/status" { capabilities = ["read"] }
EOF
  code=0
  docs/examples/systemd/report.sh || code=$?
  expect 'the exit code without a report' 1 "$code"
  cmp yesterday.html state/report.html
}
