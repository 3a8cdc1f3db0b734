#!/usr/bin/env bash
# Gives the Go modules of this repository another path: module-path.sh github.com/acme/vault-plugin-secrets-paxos
# It changes all go.mod files, imports, the names of variables that the linker sets, and texts that name packages.
# It does not change the names of programs, of folders, or of the plugin in Vault's catalog.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "module-path: $*" >&2
  exit 1
}

# check PATH: fails unless PATH can be the path of a module that go get finds.
check() {
  local form='^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$'
  case $1 in
  *://*) fail "$1 is a URL: leave out ${1%%//*}//" ;;
  *.git) fail "$1 ends in .git: a module path does not" ;;
  */) fail "$1 ends in a slash" ;;
  */v[0-9] | */v[0-9][0-9]) fail "$1 ends in a major version: version 0 and 1 have none in their path" ;;
  *./* | *.) fail "$1 has a part that ends in a dot" ;;
  esac
  [[ $1 =~ $form ]] || fail "$1 is not a module path: it begins with a host name, as in github.com/acme/paxos"
  case $1 in
  github.com/*/*/*) fail "$1 has a folder: use the path of the repository" ;;
  github.com/*/*) ;;
  github.com/*) fail "$1 names no repository" ;;
  esac
}

[ $# -eq 1 ] || fail "usage: scripts/module-path.sh PATH, for example github.com/acme/vault-plugin-secrets-paxos"
check "$1"
for program in go gofmt perl; do
  command -v "$program" >/dev/null || fail "$program is not installed"
done
old=$(sed -n 's/^module //p' go.mod)
new=$1
if [ "$old" = "$new" ]; then
  echo "module-path: the path is $new already"
  exit 0
fi

# The text files of the repository: not what git keeps, nor what was built or installed.
mapfile -d '' -t files < <(find . \( -name .git -o -name node_modules -o -path ./bin -o -path ./dist \) -prune -o \
  -type f -print0 | xargs -0 grep -lZIF -e "$old" --)

# The old path is not a part of a longer path, and a package follows it. In go.mod, it also stands alone.
export old new
perl -pi -e 's{(?<![\w./\@-])\Q$ENV{old}\E(?=/)}{$ENV{new}}g' "${files[@]}"
while IFS= read -r -d '' file; do
  perl -pi -e 's{(?<![\w./\@-])\Q$ENV{old}\E(?=\s|$)}{$ENV{new}}g' "$file"
done < <(find . -name node_modules -prune -o -name go.mod -print0)

# The imports of a group are in the order of their paths.
for file in "${files[@]}"; do
  [[ $file != *.go ]] || gofmt -w "$file"
done
while IFS= read -r -d '' file; do
  (cd "$(dirname "$file")" && go list -m >/dev/null)
done < <(find . -name node_modules -prune -o -name go.mod -print0)
echo "module-path: the path is $new now"
