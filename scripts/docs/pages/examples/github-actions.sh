# GitHub, as far as Vault knows it: a server with the public key of its identities.
. "$docs_repository/scripts/docs/pages/examples.sh"

# base64url: encodes standard input as JWTs do.
base64url() {
  openssl base64 -A | tr '+/' '-_' | tr -d =
}

address=$(free_address)
issuer=https://token.actions.githubusercontent.com
stands_for "$issuer" "http://$address"
issuer=http://$address
mkdir -p "$docs_folder/github/.well-known"
openssl genrsa -out "$docs_folder/github.key" 2048
modulus=$(openssl rsa -in "$docs_folder/github.key" -noout -modulus | cut -d= -f2 | sed 's|..|\\x&|g')
modulus=$(printf %b "$modulus" | base64url)
jq -n --arg issuer "$issuer" '{$issuer, jwks_uri: ($issuer + "/keys.json"),
  id_token_signing_alg_values_supported: ["RS256"]}' >"$docs_folder/github/.well-known/openid-configuration"
jq -n --arg n "$modulus" '{keys: [{kty: "RSA", use: "sig", alg: "RS256", kid: "github", e: "AQAB", $n}]}' \
  >"$docs_folder/github/keys.json"
python3 -m http.server --bind 127.0.0.1 --directory "$docs_folder/github" "${address#*:}" >"$docs_folder/github.log" 2>&1 &
await curl -sS --fail "$issuer/keys.json"

# identity JQ: prints the identity of a run, changed by the filter.
identity() {
  local signed
  signed=$(printf '{"alg":"RS256","kid":"github","typ":"JWT"}' | base64url).$(jq -cjn --arg iss "$issuer" '{$iss,
    sub: "repo:acme/payments:environment:production", aud: "vault.example.com", repository: "acme/payments",
    repository_id: "123456789", ref: "refs/heads/main", environment: "production", event_name: "push",
    job_workflow_ref: "acme/payments/.github/workflows/paxos.yml@refs/heads/main", actor: "jo", run_id: "42",
    iat: (now | floor), nbf: (now | floor - 5), exp: (now | floor + 300)} | '"$1" | base64url)
  printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -sign "$docs_folder/github.key" -binary | base64url)"
}

# log_in JQ: logs in with such an identity.
log_in() {
  vault write -format=json auth/jwt-github/login role=paxos-smoke-test jwt="$(identity "$1")"
}

check_page() {
  log_in . >login.json
  expect 'the lifetime of the Vault token' 600 "$(jq .auth.lease_duration login.json)"
  expect 'what the audit log tells of the run' 'acme/payments jo 42' \
    "$(jq -r '.auth.metadata | "\(.repository) \(.actor) \(.run_id)"' login.json)"
  VAULT_TOKEN=$(jq -r .auth.client_token login.json) vault read -field=access_token paxos/token/mint-role >token
  valid token
  local change
  for change in '.repository_id = "987654321"' '.ref = "refs/heads/feature"' '.ref = "refs/pull/1/merge"' \
    '.event_name = "pull_request_target"' 'del(.event_name)' \
    '.job_workflow_ref |= sub("paxos.yml"; "other.yml")' '.job_workflow_ref |= sub("heads/main"; "heads/feature")' \
    '.environment = "staging"' 'del(.environment)' '.aud = "https://github.com/acme"' '.exp = .nbf - 600'; do
    ! log_in "$change" 2>refused.txt || { echo "it logged in with $change"; return 1; }
    grep -q 'Code: 400' refused.txt || { cat refused.txt; return 1; }
  done
}
