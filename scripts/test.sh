#!/usr/bin/env bash
# Runs go test with the arguments and the race detector, which needs cgo and a working C
# compiler. Without one it prints a warning and runs the tests without the race detector,
# or fails if CI=true.
set -euo pipefail

# compiles: whether cgo is enabled and the C compiler works.
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
	echo "test: no C compiler that works ($(go env CC)), but CI=true: the race detector must run" >&2
	exit 1
fi
echo "test: no C compiler that works ($(go env CC)): testing without the race detector" >&2
CGO_ENABLED=0 exec go test "$@"
