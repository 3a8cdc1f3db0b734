#!/usr/bin/env bash
# Installs the programs that checks and tests need besides Go, git, make and a C compiler: packages of Debian 12
# into the system, and packages of npm into scripts/node. Make targets install nothing: they name what is missing.
#
# npm's versions are pinned by scripts/node/package-lock.json. Debian keeps one version of a package only, so the
# list below names the versions that the tests last ran with. Another version is installed too, and named.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Name of the package, and the version that the tests last ran with.
packages="
chromium         156.0.8078.108-1~deb12u1
curl             7.88.1-10+deb12u15
jq               1.6-2.1+deb12u3
minisign         0.11-1
openssl          3.0.19-1~deb12u2
procps           2:4.0.2-3
prometheus       2.42.0+ds-5+deb12u1
python3          3.11.2-1+b1
python3-hvac     0.11.2-1
shellcheck       0.9.0-1
skopeo           1.9.3+ds1-1+b10
systemd          252.38-1~deb12u1
umoci            0.4.7+ds-3+b7
"

# version PACKAGE prints the installed version, or nothing.
version() { dpkg-query -W -f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null | sed -n 's/^installed //p'; }

# apt ARGUMENTS runs apt-get as root, without questions.
apt() {
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"
}

if ! command -v apt-get >/dev/null; then
  echo "packages: this machine has no apt-get. Install these yourself:$(awk '{ printf " %s", $1 }' <<<"$packages")" >&2
  exit 1
fi

missing=()
while read -r package _; do
  [ -z "$package" ] || [ -n "$(version "$package")" ] || missing+=("$package")
done <<<"$packages"
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  apt update
  apt install --no-install-recommends "${missing[@]}"
fi

while read -r package tested; do
  installed=$([ -z "$package" ] || version "$package")
  [ "$installed" = "$tested" ] || echo "packages: $package $installed is installed; the tests last ran with $tested"
done <<<"$packages"

npm ci --prefix scripts/node --ignore-scripts --no-audit --no-fund
