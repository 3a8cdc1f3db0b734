"""Calls Vault with hvac as it is told. Each line on stdin is a call, and each line on stdout is its outcome.

Both are JSON: {"method": "read", "arguments": {"path": "paxos/token/mint-role"}}, and {"answer": {}} or
{"error": "the text that hvac raised"}.
"""

import json
import os
import sys

import hvac

# The end of an answer without a body, such as that of a revocation.
NOTHING = {"data": None, "warnings": None, "lease_id": "", "lease_duration": 0, "renewable": False}


class Driver:
    """The methods that the test calls."""

    def __init__(self):
        self.client = hvac.Client(url=os.environ["VAULT_ADDR"], token="")

    def login(self, role_id, secret_id):
        """Log in with AppRole."""
        self.client.auth.approle.login(role_id=role_id, secret_id=secret_id)

    def read(self, path):
        """Read a path."""
        return self.client.read(path)

    def write(self, path, data):
        """Write to a path. client.write(path, **data) has no room for a parameter that is called path."""
        return self.client.adapter.post("/v1/" + path, json=data)

    def renew(self, lease_id, increment):
        """Renew a lease."""
        return self.client.sys.renew_lease(lease_id, increment)

    def revoke(self, lease_id):
        """Revoke a lease."""
        self.client.sys.revoke_lease(lease_id)

    def logout(self):
        """Revoke the token of the login."""
        self.client.logout(revoke_token=True)


def main():
    """Answer each call until there is no more."""
    driver = Driver()
    for line in sys.stdin:
        call = json.loads(line)
        try:
            said = getattr(driver, call["method"])(**(call["arguments"] or {}))
            outcome = {"answer": said or NOTHING}
        except hvac.exceptions.VaultError as error:
            outcome = {"error": str(error)}
        print(json.dumps(outcome), flush=True)


main()
