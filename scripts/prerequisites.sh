#!/usr/bin/env bash
# Installs the programs that the tests need besides Go: curl, jq and python3, which pages of docs show to
# applications. If all are on PATH it does nothing. Otherwise it needs Debian's apt-get, and root or sudo.
set -euo pipefail

missing=()
for program in curl jq python3; do
  command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "prerequisites: install ${missing[*]}; this machine has no apt-get to do it" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
