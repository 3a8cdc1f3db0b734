#!/usr/bin/env bash
# Runs the tests of the module in this directory, of every module below it and of the modules of
# docs/examples, and prints which programs and libraries of other people they passed with. It needs
# VAULT_BIN, which `make test-clients` sets. It installs nothing: it names what is missing, and fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
node_modules=scripts/node/node_modules

missing=()
for program in node chromium prometheus promtool; do
  command -v "$program" >/dev/null || missing+=("$program")
done
/usr/bin/python3 -c 'import hvac' 2>/dev/null || missing+=("python3-hvac (of Debian, for /usr/bin/python3)")
for package in node-vault puppeteer-core; do
  [ -d "$node_modules/$package" ] || missing+=("$package (of npm, in $node_modules)")
done
if [ ${#missing[@]} -gt 0 ]; then
  printf 'test-clients: missing: %s\n' "${missing[@]}" >&2
  echo "test-clients: on Debian 12, scripts/ci/packages.sh installs all of them" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()
while read -r file; do
  module=$(dirname "$file")
  packages=$(go -C "$module" list ./... 2>&1) || true # go test says what is wrong
  [[ $packages != *"matched no packages"* ]] || continue # the module only pins a program
  echo "test-clients: $module"
  go -C "$module" vet ./... || failed+=("$module")
  go -C "$module" test -v -count=1 -parallel=8 -timeout=5m ./... 2>&1 | tee -a "$log" || failed+=("$module")
done < <(find scripts/clients docs/examples -name go.mod -not -path '*/node_modules/*' | sort)

# A test writes "passed with: NAME VERSION" for each program or library that it used.
echo
echo "Passed with:"
sed -n 's/^ *[a-z_]*\.go:[0-9]*: passed with: /  /p' "$log" | sort -u
if [ ${#failed[@]} -gt 0 ]; then
  printf 'test-clients: failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
