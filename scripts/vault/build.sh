#!/usr/bin/env bash
# Prints the path of a Vault binary for the demo and the end-to-end tests on stdout, and
# nothing else. Usage: build.sh [VERSION]
#
# VERSION is the name of a directory beside this script, such as 1.16. The script then uses the
# version that the go.mod there pins, which it builds once and keeps in the user's cache. Without
# VERSION it uses the first of these: $VAULT_BIN, which may be an OpenBao server too; the vault on
# PATH, if it is such a server; version 1.21.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# What VAULT_BIN may be.
readonly supported="a Vault server of version 1.16 or later, or an OpenBao server of version 2.0 or later"

# usable BINARY returns 0 if it runs and is a supported server.
usable() {
  local stated product major minor
  stated=$("$1" version 2>/dev/null | sed -nE 's/^(Vault|OpenBao) v([0-9]+)\.([0-9]+).*/\1 \2 \3/p') || return 1
  read -r product major minor <<<"$stated" || return 1
  case $product in
  Vault) [ "$major" -gt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -ge 16 ]; } || return 1 ;;
  OpenBao) [ "$major" -ge 2 ] || return 1 ;;
  *) return 1 ;;
  esac
  "$1" server -help 2>&1 | grep -e '-config' >/dev/null
}

# report STARTED LOG TOTAL prints one line about the progress of the build.
report() {
  local line
  line=$(printf 'vault: %d of about %d packages built, %d s' "$(grep -cv '^go: ' "$2")" "$3" $((SECONDS - $1)))
  if [ -t 2 ]; then
    printf '\r%s' "$line" >&2
  else
    say "$line"
  fi
}

# follow PID LOG TOTAL reports the progress until the build ends, and returns its status.
follow() {
  local started=$SECONDS pause=15 last=0
  [ ! -t 2 ] || pause=1
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    if [ $((SECONDS - last)) -ge "$pause" ]; then
      last=$SECONDS
      report "$started" "$2" "$3"
    fi
  done
  [ ! -t 2 ] || say ""
  wait "$1"
}

# lock DIRECTORY waits until no other running build holds the lock, then takes it.
lock() {
  local waiting=""
  until mkdir "$1" 2>/dev/null; do
    local holder
    holder=$(cat "$1/pid" 2>/dev/null) || holder=""
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
      rm -rf "$1"
      continue
    fi
    [ -n "$waiting" ] || say "vault: waiting for another build (lock $1)"
    waiting=yes
    sleep 1
  done
  echo $$ >"$1/pid"
}

# build TARGET VERSION builds the Vault pinned in this directory into the file. If the build fails, it
# leaves no file.
build() {
  local target=$1 log="$1.log" total
  say "vault: building the Vault server pinned in scripts/vault/$2/go.mod, once (about ten minutes on two cores)"
  total=$(go list -deps github.com/hashicorp/vault 2>/dev/null | wc -l)
  trap 'kill "$builder" 2>/dev/null; rm -rf "$target.new" "$log" "$target.lock"; exit 130' INT TERM
  CGO_ENABLED=0 go build -v -trimpath -buildvcs=false -ldflags '-s -w' -o "$target.new" \
    github.com/hashicorp/vault >"$log" 2>&1 &
  builder=$!
  if ! follow "$builder" "$log" "$total"; then
    say "vault: the build failed. Last lines of its output:"
    tail -n 20 "$log" >&2
    rm -f "$target.new" "$log"
    return 1
  fi
  mv "$target.new" "$target"
  rm -f "$log"
}

# absolute COMMAND prints the absolute path of a command or a file.
absolute() {
  local found
  found=$(command -v "$1") || return 1
  case $found in
  /*) printf '%s\n' "$found" ;;
  *) printf '%s\n' "$PWD/$found" ;;
  esac
}

version=${1:-}

if [ -z "$version" ] && [ -n "${VAULT_BIN:-}" ]; then
  if ! binary=$(absolute "$VAULT_BIN") || ! usable "$binary"; then
    say "vault: VAULT_BIN ($VAULT_BIN) is not $supported, or does not run on this machine"
    exit 1
  fi
  printf '%s\n' "$binary"
  exit 0
fi

if [ -z "$version" ] && found=$(command -v vault) && usable "$found"; then
  say "vault: using $found"
  printf '%s\n' "$found"
  exit 0
fi

version=${version:-1.21}
if ! cd "$(dirname "${BASH_SOURCE[0]}")/$version" 2>/dev/null || [ ! -f go.mod ]; then
  say "vault: no Vault $version is pinned in scripts/vault"
  exit 1
fi

key=$({ cat go.mod go.sum; go version; } | git hash-object --stdin)
directory="${XDG_CACHE_HOME:-$HOME/.cache}/vault-plugin-secrets-paxos/vault-${key:0:16}"
binary="$directory/vault"
if ! usable "$binary"; then
  mkdir -p "$directory"
  lock "$binary.lock"
  trap 'rm -rf "$binary.lock"' EXIT
  usable "$binary" || build "$binary" "$version" # another build may have made it during the wait
  if ! usable "$binary"; then
    say "vault: $binary was built, but does not run as a Vault server"
    exit 1
  fi
fi
printf '%s\n' "$binary"
