#!/usr/bin/env bash
# Builds the release of the commit that is checked out twice, in two clones of the repository, and compares all
# files: compare.sh [VERSION]. The clones differ in what must not matter: path, time, umask, time zone, name of the
# user and home directory.
#
# Both builds use the user's build cache, so that this takes seconds instead of minutes. With COLD=1 the second
# build compiles everything again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=${1:-$(git tag --points-at HEAD --list 'v*' | sed -n 1p)}
version=${version:-v0.0.0-compare}
[ -z "$(git status --porcelain)" ] || echo "compare: changes that are not committed are not built" >&2

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
first=$folder/first second=$folder/a/much/longer/path/second
git clone --quiet . "$first"
git clone --quiet . "$second"
for clone in "$first" "$second"; do
  git -C "$clone" checkout --quiet "$(git rev-parse HEAD)"
done

GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE)
export GOCACHE GOMODCACHE

# build CLONE: builds the release in this clone.
build() {
  local started=$SECONDS
  make --no-print-directory -C "$1" dist VERSION="$version" >"$folder/log" 2>&1 || {
    cat "$folder/log" >&2
    return 1
  }
  echo "compare: built $(find "$1/dist" -type f | wc -l) files in $((SECONDS - started)) s"
}

(umask 022 && build "$first")
(
  umask 077
  [ -z "${COLD:-}" ] || export GOCACHE="$folder/cache"
  mkdir "$folder/home"
  export HOME=$folder/home USER=somebody LOGNAME=somebody TZ=Pacific/Auckland LC_ALL=C
  build "$second"
)

# files CLONE: lists the files of the release with their rights and times.
files() { (cd "$1/dist" && find . -printf '%p %y %m %T@\n' | sort); }

diff -r "$first/dist" "$second/dist"
diff <(files "$first") <(files "$second")
sum=$(sha256sum <"$first/dist/SHA256SUMS" | cut -c1-64)
echo "compare: both builds of $version have the same files (SHA256SUMS: $sum)"
