# Functions for the scripts that set up a page, and for its hidden lines. It is sourced by the shell of
# every page, in an empty directory, before the script of the page.
#
#   docs_repository   the path of the repository
#   docs_plugin       the path of the plugin's binary, in the plugin directory of the server
#   docs_server_log   the path of the log of the server and its plugins
#   docs_unseal_key   the key that unseals the server after vault operator seal

# The script of a page may define the function check_page. It is called after the last block, and checks what
# the page does not show.
#
# The names of variables and functions that begin with docs_ are for these scripts.

# expect WHAT WANT GOT: fails unless the last two are equal.
expect() {
  if [ "$2" != "$3" ]; then
    printf '%s: got %s, want %s\n' "$1" "$3" "$2"
    return 1
  fi
}

# stands_for TEXT VALUE: TEXT in the page stands for VALUE in the run, in commands and in answers. It is for
# addresses and paths, which are other ones on each machine.
stands_for() {
  printf '%s\t%s\n' "$1" "$2" >>"$docs_folder/names"
}

# await COMMAND: runs the command until it succeeds, for at most 30 seconds.
await() {
  local tries=300
  until "$@" >"$docs_folder/await" 2>&1; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "await: this did not succeed: $*" >&2
      cat "$docs_folder/await" >&2
      return 1
    fi
    sleep 0.1
  done
}

# free_address: prints an address of this machine on which nothing listens, such as 127.0.0.1:41234.
free_address() {
  python3 -c 'import socket
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    print("127.0.0.1:%d" % s.getsockname()[1])'
}

# own_server: the page starts a dev server of its own. It listens on another port than 8200, and the page's
# 127.0.0.1:8200 is that server.
own_server() {
  export VAULT_DEV_LISTEN_ADDRESS
  VAULT_DEV_LISTEN_ADDRESS=$(free_address)
  stands_for 127.0.0.1:8200 "$VAULT_DEV_LISTEN_ADDRESS"
  unset VAULT_ADDR VAULT_TOKEN
}

# start_paxos [FLAG...]: starts the stand-in Paxos with these flags of paxos-sandbox. It sets PAXOS_CLIENT_ID
# to the Client ID of a client that is ready to use, and writes its secret to secret.txt. Mounts that are
# enabled from now on use it.
start_paxos() {
  local announcement=$docs_folder/paxos.json control port
  paxos-sandbox -json -tls -address=127.0.0.1:0 "$@" >"$announcement" 2>&1 &
  await grep -q '^{.*}$' "$announcement" # jq -e accepts an empty file
  # It speaks TLS, as Paxos does: otherwise the engine would warn in many answers. Its certificate authority is
  # trusted by mounts, by curl, and by programs in Go and Python.
  export docs_authority=$docs_folder/authority.pem
  jq -r .ca_certificate "$announcement" >"$docs_authority"
  export CURL_CA_BUNDLE=$docs_authority SSL_CERT_FILE=$docs_authority
  control=$(jq -r .url "$announcement")
  port=${control##*:}
  # Both parts of Paxos are one server here. They have two names, so that answers tell them apart.
  export docs_oauth=127.0.0.1:$port docs_api=localhost:$port
  local environment
  for environment in '' .sandbox; do
    stands_for "https://oauth$environment.paxos.com" "https://$docs_oauth"
    stands_for "https://api$environment.paxos.com" "https://$docs_api"
    stands_for "oauth$environment.paxos.com" "$docs_oauth"
    stands_for "api$environment.paxos.com" "$docs_api"
  done
  export PAXOS_CLIENT_ID
  PAXOS_CLIENT_ID=$(jq -r .client_id "$announcement")
  mkdir -p "$docs_folder/clients"
  printf %s "$PAXOS_CLIENT_ID" >"$docs_folder/clients/root"
  jq -r .client_secret "$announcement" >secret.txt
}

# enable_paxos [PATH]: enables the engine at PATH (paxos), with the stand-in Paxos.
enable_paxos() {
  vault secrets enable -path="${1:-paxos}" vault-plugin-secrets-paxos
}

# configure_paxos [PATH]: enables the engine at PATH (paxos) and gives it the root client.
configure_paxos() {
  enable_paxos "${1:-paxos}"
  vault write "${1:-paxos}/config" environment=custom client_id="$PAXOS_CLIENT_ID" client_secret=- <secret.txt
}

# paxos METHOD PATH [JSON]: sends a request to the control API of the stand-in, such as paxos GET executed.
# paxos-sandbox -help has the paths.
paxos() {
  local body=()
  [ $# -lt 3 ] || body=(-H 'Content-Type: application/json' --data-binary "$3")
  curl -sS --fail-with-body -X "$1" "${body[@]}" "https://$docs_oauth/sandbox/$2"
}

# dashboard: what a person does in Paxos's Dashboard. A NAME is the nickname of a client; root is the client
# that start_paxos made.
#
#   dashboard create NAME SCOPE...         creates a client and prints its secret
#   dashboard id NAME                      prints the Client ID
#   dashboard rotate NAME                  prints the new secret
#   dashboard edit NAME JSON               changes scopes, ip_allowlist, status, enforce_request_signing, ...
#   dashboard delete NAME
#   dashboard register-key NAME [FILE]     registers a public key (of standard input), prints the Key ID
#   dashboard deactivate-key NAME KEY_ID
#   dashboard enforce-signing [OPERATION...]  demands signatures (of CreateCryptoWithdrawal)
dashboard() {
  local action=$1 name=${2:-} id=
  shift
  [ ! -f "$docs_folder/clients/$name" ] || id=$(cat "$docs_folder/clients/$name")
  case $action in
    create)
      shift
      local answer
      answer=$(paxos POST credentials "$(jq -cn --arg name "$name" '{nickname: $name, scopes: $ARGS.positional}' --args "$@")")
      printf %s "$answer" | jq -j .client_id >"$docs_folder/clients/$name"
      printf %s "$answer" | jq -r .client_secret
      ;;
    id) echo "$id" ;;
    rotate) paxos POST "credentials/$id/rotate" | jq -r .client_secret ;;
    edit) paxos POST "credentials/$id" "$2" >/dev/null ;;
    delete) paxos DELETE "credentials/$id" >/dev/null ;;
    register-key)
      paxos POST "credentials/$id/keys" "$(jq -cRs '{nickname: "vault", public_key: .}' "${2:--}")" | jq -r .id
      ;;
    deactivate-key) paxos POST "credentials/$id/keys/$2/deactivate" >/dev/null ;;
    enforce-signing)
      [ $# -gt 0 ] || set -- CreateCryptoWithdrawal
      paxos PUT signatures "$(jq -cn '{operations: $ARGS.positional}' --args "$@")" >/dev/null
      ;;
    *)
      echo "dashboard: unknown action $action" >&2
      return 1
      ;;
  esac
}

# audit_on: makes the server write every request and answer to audit.log in the directory.
audit_on() {
  vault audit enable file file_path="$PWD/audit.log"
}

# free_port: prints a port of this machine on which nothing listens.
free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do :; done
  echo "$port"
}
