#!/usr/bin/env bash
# Signs the checksums of a release with minisign: sign.sh KEY [FOLDER]. KEY is the path of a secret key, which must
# not be in the repository. If the key has a password, minisign asks for it. FOLDER is that of the release (dist).
set -euo pipefail

fail() {
  echo "sign: $*" >&2
  exit 1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || fail "usage: scripts/release/sign.sh KEY [FOLDER]"
command -v minisign >/dev/null || fail "minisign is not installed"
[ -f "$1" ] || fail "there is no key at $1"
[ -f "${2:-dist}/SHA256SUMS" ] || fail "${2:-dist} is not the folder of a release: run make dist first"

key=$(realpath "$1")
repository=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
case $key in
"$repository"/*) fail "the key is in the repository, where it could be committed: keep it outside" ;;
esac
[ -z "$(find "$key" -perm /077)" ] || fail "other users can read the key: run chmod 600 $key"

cd "${2:-dist}"
# Only what make dist wrote is signed: nothing that was changed or added later.
sha256sum --check --quiet --strict SHA256SUMS || fail "the release is not what make dist built"
unknown=$(find . -type f ! -name 'SHA256SUMS*' | sed 's|^\./||' | sort | comm -23 - <(cut -c67- SHA256SUMS | sort))
[ -z "$unknown" ] || fail "make dist did not build these files: $unknown"

# A reader who verifies sees the comment. So an older release, which is signed too, is recognized.
name=$(sed -n 's/^.\{66\}\(vault-plugin-secrets-paxos_v[^_]*\)_.*\.tar\.gz$/\1/p' SHA256SUMS | sort -u)
minisign -S -s "$key" -m SHA256SUMS -x SHA256SUMS.minisig -t "SHA256SUMS of $name"
chmod 644 SHA256SUMS.minisig
