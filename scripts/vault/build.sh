#!/usr/bin/env bash
# Prints the path of a Vault binary for the demo and the end-to-end tests on stdout, and
# nothing else. It uses the first of these: $VAULT_BIN; the vault on PATH, if it is a Vault
# server of version 1.16 or later; the version pinned in this directory's go.mod, which it
# builds once and keeps in the user's cache.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# usable BINARY returns 0 if it runs and is a Vault server of version 1.16 or later.
usable() {
	local version major minor
	version=$("$1" version 2>/dev/null | sed -n 's/^Vault v\([0-9]*\.[0-9]*\).*/\1/p') || return 1
	[ -n "$version" ] || return 1
	major=${version%%.*} minor=${version#*.}
	[ "$major" -gt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -ge 16 ]; } || return 1
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

# build TARGET builds the pinned Vault into this file. If the build fails, it leaves no file.
build() {
	local target=$1 log="$1.log" total
	say "vault: building the Vault server pinned in scripts/vault/go.mod, once; on two cores this takes about ten minutes"
	total=$(go list -deps github.com/hashicorp/vault 2>/dev/null | wc -l)
	trap 'kill "$builder" 2>/dev/null; rm -rf "$target.new" "$log" "$target.lock"; exit 130' INT TERM
	CGO_ENABLED=0 go build -v -trimpath -buildvcs=false -ldflags '-s -w' -o "$target.new" github.com/hashicorp/vault >"$log" 2>&1 &
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

if [ -n "${VAULT_BIN:-}" ]; then
	if ! binary=$(absolute "$VAULT_BIN") || ! usable "$binary"; then
		say "vault: VAULT_BIN ($VAULT_BIN) is not a Vault server of version 1.16 or later, or does not run on this machine"
		exit 1
	fi
	printf '%s\n' "$binary"
	exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")"

if found=$(command -v vault) && usable "$found"; then
	say "vault: using $found"
	printf '%s\n' "$found"
	exit 0
fi

key=$({ cat go.mod go.sum; go version; } | git hash-object --stdin)
directory="${XDG_CACHE_HOME:-$HOME/.cache}/vault-plugin-secrets-paxos/vault-${key:0:16}"
binary="$directory/vault"
if ! usable "$binary"; then
	mkdir -p "$directory"
	lock "$binary.lock"
	trap 'rm -rf "$binary.lock"' EXIT
	usable "$binary" || build "$binary" # another build may have made it during the wait
	if ! usable "$binary"; then
		say "vault: $binary was built, but does not run as a Vault server"
		exit 1
	fi
fi
printf '%s\n' "$binary"
