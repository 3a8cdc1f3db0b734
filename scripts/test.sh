#!/usr/bin/env bash
# Runs go test with the arguments and the race detector, which needs cgo and a working C
# compiler. Without one it prints a warning and runs the tests without the race detector,
# or fails if CI=true.
set -euo pipefail

# compiles returns 0 if cgo is enabled and the C compiler works.
compiles() {
  local compiler
  read -r -a compiler <<<"$(go env CC)"
  [ "$(go env CGO_ENABLED)" = 1 ] &&
    echo 'int main(void) { return 0; }' | "${compiler[@]}" -x c -o /dev/null - 2>/dev/null
}

if compiles; then
  exec go test -race "$@"
fi
if [ "${CI:-}" = true ]; then
  echo "test: no working C compiler ($(go env CC)). With CI=true the race detector must run: install one." >&2
  exit 1
fi
echo "test: no working C compiler ($(go env CC)): the tests run without the race detector" >&2
CGO_ENABLED=0 exec go test "$@"
