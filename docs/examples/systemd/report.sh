#!/bin/sh
# Logs in with the AppRole in CREDENTIALS_DIRECTORY, writes the report into STATE_DIRECTORY, and logs out.
# systemd sets both variables. The exit code is that of paxos-report: 3 if there is a finding of severity
# high.
set -eu
umask 027
VAULT_TOKEN=$(vault write -field=token auth/approle/login \
  role_id=@"$CREDENTIALS_DIRECTORY/role-id" secret_id=@"$CREDENTIALS_DIRECTORY/secret-id")
export VAULT_TOKEN
trap 'rm -f "$STATE_DIRECTORY/new.html"; vault token revoke -self > /dev/null' EXIT

code=0
paxos-report -mount=paxos -fail-on=high > "$STATE_DIRECTORY/new.html" || code=$?
case $code in
  0 | 3) mv "$STATE_DIRECTORY/new.html" "$STATE_DIRECTORY/report.html" ;; # 1 and 2: there is no report
esac
exit "$code"
