#!/bin/sh
# Logs in with the AppRole in CREDENTIALS_DIRECTORY, writes the report into STATE_DIRECTORY, and logs out.
# systemd sets both variables. The exit code is that of paxos-report: 3 if there is a finding of severity
# high.
set -eu
umask 077
VAULT_TOKEN=$(vault write -field=token auth/approle/login \
  role_id=@"$CREDENTIALS_DIRECTORY/role-id" secret_id=@"$CREDENTIALS_DIRECTORY/secret-id")
export VAULT_TOKEN
trap 'vault token revoke -self > /dev/null' EXIT
trap 'exit 1' HUP INT TERM # log out then too

# If it fails, the report of yesterday stays.
paxos-report -mount=paxos -fail-on=high -output="$STATE_DIRECTORY/report.html"
