#!/usr/bin/env bash
# Checks Go code with golangci-lint, shell scripts with shellcheck, and Markdown with
# markdownlint. golangci-lint is built into bin/ once, as scripts/tools/lint/go.mod pins it.
# The other two must be installed. All of them run, also if one finds something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

# need COMMAND NAME ends the script if the command is missing.
need() {
  if ! command -v "$1" >/dev/null; then
    echo "$2 is not installed. On Debian, run scripts/ci/packages.sh." >&2
    exit 1
  fi
}

# written [TEST...] prints the files of the project for which the test of find is true.
written() {
  find . \( -name node_modules -o -path ./.git -o -path ./bin -o -path ./dist \) -prune -o -type f "$@" -print
}

# go_code checks each Go module with the linters of .golangci.yml. A module that only pins the
# version of a program has no packages.
go_code() {
  local file module listed status=0
  go -C scripts/tools/lint build -o "$root/bin/" github.com/golangci/golangci-lint/v2/cmd/golangci-lint || return 1
  while read -r file; do
    module=$(dirname "$file")
    listed=$(go -C "$module" list ./... 2>&1) || status=1
    [[ $listed != *'matched no packages'* ]] || continue
    echo "golangci-lint: $module"
    (cd "$module" && "$root/bin/golangci-lint" run --allow-parallel-runners) || status=1
  done < <(written -name go.mod)
  return "$status"
}

# shell_scripts checks the files that are named *.sh, and those whose first line names a shell.
# The files without such a first line are sourced by bash.
shell_scripts() {
  local file first programs=() sourced=() status=0
  local shell='^#!.*[/ ](ba)?sh( |$)'
  while read -r file; do
    IFS= read -r -n 100 first <"$file" || true
    if [[ $first =~ $shell ]]; then
      programs+=("$file")
    elif [[ $file == *.sh ]]; then
      sourced+=("$file")
    fi
  done < <(written -size +0)
  echo "shellcheck: ${#programs[@]} programs, ${#sourced[@]} scripts that are sourced"
  shellcheck --external-sources "${programs[@]}" || status=1
  shellcheck --external-sources --shell=bash "${sourced[@]}" || status=1
  return "$status"
}

need shellcheck shellcheck
need scripts/node/node_modules/.bin/markdownlint-cli2 markdownlint-cli2

failed=0
go_code || failed=1
shell_scripts || failed=1
scripts/node/node_modules/.bin/markdownlint-cli2 || failed=1
exit "$failed"
