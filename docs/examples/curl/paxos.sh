#!/bin/sh
# Sends one GET request to Paxos: paxos.sh PATH, such as paxos.sh /profiles. It prints Paxos's answer.
#
# It shows what an application does that reads its token from Vault itself: it keeps the token, reads
# again when that is due, and decides by the status of each answer. It needs curl and jq, and these
# variables:
#
#   VAULT_ADDR         the address of Vault
#   PAXOS_ROLE         the role of the engine
#   PAXOS_LOGIN        a folder with the files role-id and secret-id of an AppRole
#   PAXOS_STATE        a folder in which this script keeps tokens; for one application only
#
# Secrets are in files and in the standard input of curl, never in arguments, which all users of the
# machine can read.
#
# Exit codes: 1 it failed, and a repetition fails too; 75 try again later.
set -eu
umask 077
role=${PAXOS_ROLE:-mint-role} login=${PAXOS_LOGIN:-.} state=${PAXOS_STATE:-paxos-state}
path=${1:?usage: paxos.sh PATH, such as paxos.sh /profiles}
mkdir -p "$state"
trap 'rm -f "$state/login" "$state/answer" "$state/vault.header"' EXIT
trap 'exit 75' HUP INT TERM

# stop CODE TEXT: ends the script with a text for its caller.
stop() {
  printf 'paxos.sh: %s\n' "$2" >&2
  exit "$1"
}

# send URL [ARGUMENT...]: sends a request. The status is in $status, 000 if there was no answer, and the
# answer is in $state/answer.
send() {
  url=$1
  shift
  : > "$state/answer"
  status=$(curl -sS --max-time 60 -o "$state/answer" -w '%{http_code}' "$@" "$url") || status=000
}

# vault PATH [ARGUMENT...]: sends a request to Vault. A failover of Vault takes up to 4 seconds, so it is
# repeated for about 7 seconds if Vault, or its connection to Paxos, fails. If it fails for good, the reason
# is in $problem and the exit code in $code.
vault() {
  resource=$1
  shift
  for pause in 1 2 4 0; do
    send "$VAULT_ADDR/v1/$resource" "$@"
    case $status in
      200) return 0 ;;
      000 | 5??) sleep "$pause" ;;
      *) break ;;
    esac
  done
  problem="Vault answered $status: $(jq -r '.errors | join("; ")' "$state/answer" 2> /dev/null || true)"
  case $status in
    000) problem='Vault does not answer' code=75 ;;
    429 | 5??) code=75 ;;
    *) code=1 ;;
  esac
  return 1
}

# log_in: gets a Vault token.
log_in() {
  jq -n --rawfile role_id "$login/role-id" --rawfile secret_id "$login/secret-id" \
    '{role_id: $role_id | rtrimstr("\n"), secret_id: $secret_id | rtrimstr("\n")}' > "$state/login" &&
    vault auth/approle/login --data "@$state/login" &&
    jq -r '"X-Vault-Token: " + .auth.client_token' "$state/answer" > "$state/vault.header"
}

# log_out: revokes the Vault token, which is not needed any more. A token of token/ stays valid. If this fails,
# the Vault token expires.
log_out() {
  send "$VAULT_ADDR/v1/auth/token/revoke-self" -X POST -H "@$state/vault.header" 2> /dev/null
}

# read_token [ARGUMENT...]: gets an access token of Paxos, with a new login.
read_token() {
  log_in && vault "paxos/token/$role" -H "@$state/vault.header" "$@" &&
    mv "$state/answer" "$state/token.json" && log_out &&
    jq -r '"Authorization: Bearer " + .data.access_token' "$state/token.json" > "$state/paxos.header" &&
    jq -r '.warnings // [] | .[]' "$state/token.json" >&2
}

# is_current: succeeds if there is a token and its ttl is not over.
is_current() {
  [ -s "$state/token.json" ] || return 1
  age=$(($(date +%s) - $(date -r "$state/token.json" +%s)))
  [ "$age" -lt "$(jq -r .data.ttl "$state/token.json")" ]
}

# is_valid: succeeds if there is a token that has not expired. It is kept while Vault is unavailable.
is_valid() {
  [ -s "$state/token.json" ] && jq -e '.data.expires_at | fromdateiso8601 > now' "$state/token.json" > /dev/null
}

# ask_paxos: sends the request to Paxos.
ask_paxos() {
  send "$(jq -r .data.api_url "$state/token.json")$path" -H "@$state/paxos.header"
}

code=1 problem='the files of the login or the answer of Vault could not be read'
if ! is_current && ! read_token; then
  if [ "$code" -ne 75 ] || ! is_valid; then
    stop "$code" "$problem"
  fi
fi
ask_paxos
if [ "$status" = 401 ]; then
  # The token expired or was revoked. This reports it and gets another one. Retry once only.
  jq '{rejected_token_id: .data.token_id}' "$state/token.json" > "$state/report"
  read_token --data "@$state/report" || stop "$code" "$problem"
  ask_paxos
fi
case $status in
  2??) cat "$state/answer" ;;
  000) stop 75 'Paxos does not answer' ;;
  429 | 5??) stop 75 "Paxos answered $status: try again later" ;;
  *) stop 1 "Paxos answered $status: $(jq -r '.detail // .title' "$state/answer" 2> /dev/null || true)" ;;
esac
