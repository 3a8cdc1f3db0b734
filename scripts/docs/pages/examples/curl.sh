. "$docs_repository/scripts/docs/pages/examples.sh"

# Every curl of the script notes its arguments, so that check_page finds a secret in them.
mkdir "$docs_folder/noting"
cat >"$docs_folder/noting/curl" <<EOF
#!/bin/sh
printf '%s\n' "\$@" >>"$docs_folder/arguments"
for argument; do # the Vault tokens, which the example removes
  [ "\${argument##*/}" != vault.header ] || cat "\${argument#@}" >>"$docs_folder/vault.headers"
done
exec $(command -v curl) "\$@"
EOF
chmod +x "$docs_folder/noting/curl"
PATH=$docs_folder/noting:$PATH

# exits CODE TEXT: runs the example, which must end with this code, and say this.
exits() {
  local code=0 want=$1 said=$2
  docs/examples/curl/paxos.sh /profiles >answer.txt 2>said.txt || code=$?
  expect "the exit code, with $(cat said.txt)" "$want" "$code"
  [ -z "$said" ] || grep -q -- "$said" said.txt || { echo "it says: $(cat said.txt), and not: $said"; return 1; }
}

# forget: makes the example read a token with its next request.
forget() {
  jq '.data.ttl = 0' paxos-state/token.json >token.json
  mv token.json paxos-state/token.json
}

check_page() {
  # Vault does not know that this token was revoked, until the example reports it.
  jq -j .data.access_token paxos-state/token.json >revoked
  curl -sS --fail "https://$docs_oauth/oauth2/revoke" -d client_id="$PAXOS_CLIENT_ID" \
    --data-urlencode client_secret="$(cat secret.txt)" --data-urlencode token@revoked
  rm "$docs_folder/arguments" # that was not the example
  exits 0 ''
  if cmp -s revoked <(jq -j .data.access_token paxos-state/token.json); then
    echo 'the example kept a token that Paxos rejects'
    return 1
  fi

  # A sealed Vault answers 503. The token that is there is used. Without one, the caller is told to wait.
  vault operator seal
  forget
  exits 0 ''
  rm -r paxos-state
  exits 75 'Vault answered 503'
  # When Vault is back within the time of the retries, the caller notices nothing.
  docs/examples/curl/paxos.sh /profiles >answer.txt 2>said.txt &
  local script=$!
  vault operator unseal "$docs_unseal_key"
  wait $script

  # Paxos does not answer Vault, then not the script.
  rm -r paxos-state
  vault write -force paxos/roles/mint-role/rotate
  fail token 503
  exits 75 'Vault answered 502'
  heal
  exits 0 ''
  fail operations 503
  exits 75 'Paxos answered 503'
  fail operations 429
  exits 75 'Paxos answered 429'
  heal

  # Every login ended. Logins of reads that failed remain, for their hour.
  local header
  header=$(tail -n 1 "$docs_folder/vault.headers")
  if VAULT_TOKEN=${header#*: } vault token lookup >lookup.txt 2>&1; then
    echo 'the example left a valid Vault token'
    return 1
  fi
  expect 'files with a Vault token' 0 "$(find paxos-state -name '*vault*' | wc -l)"

  # What a repetition cannot help.
  vault write paxos/roles/mint-role disabled=true
  forget
  exits 1 'Vault answered 403'
  printf wrong >secret-id
  exits 1 'Vault answered 400: invalid role or secret ID'

  # No secret was in an argument.
  local secret
  for secret in "$(cat role-id)" "$(jq -r .data.access_token paxos-state/token.json)" \
    "$(sed -n '$s/.*: //p' "$docs_folder/vault.headers")"; do
    expect 'the secret to look for is there' yes "${secret:+yes}"
    expect "a secret in the arguments of curl" 0 "$(grep -cF -- "$secret" "$docs_folder/arguments" || true)"
  done
}
