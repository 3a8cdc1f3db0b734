#!/usr/bin/env bash
# A Vault that behaves like OpenBao in the ways that the demo and the tests must know, for machines
# without OpenBao. It tests the demo and the tests, and says nothing about OpenBao: everything else is
# Vault's behavior. STAND_IN_FOR is the path of the vault binary.
#
# export STAND_IN_FOR=$(scripts/vault/build.sh)
# VAULT_BIN=scripts/vault/openbao-stand-in.sh make demo
set -euo pipefail

# refuse TEXT prints why the command is refused, and ends it.
refuse() {
  printf '%s\n' "$1" >&2
  exit 1
}

case "${1:-} ${2:-}" in
version*)
  echo "OpenBao v2.6.2 (stand-in)"
  exit 0
  ;;
"plugin reload")
  for argument in "$@"; do
    case $argument in
    -type | -type=* | --type | --type=*) refuse "flag provided but not defined: -type" ;;
    esac
  done
  ;;
"server -config="*)
  # OpenBao starts and refuses each audit device that is created by API. The tests always create one.
  grep -q '^unsafe_allow_api_audit_creation = true$' "${2#-config=}" ||
    refuse "cannot enable audit device via API; use declarative, config-based audit device management instead"
  ;;
esac
exec "${STAND_IN_FOR:?}" "$@"
