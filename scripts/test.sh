#!/usr/bin/env bash
# Runs go test with the arguments and the race detector. That needs cgo and a C compiler
# that works: without one it says so and goes on without the race detector, but fails
# where CI=true.
set -euo pipefail

# compiles: whether Go may use cgo and its C compiler makes programs.
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
