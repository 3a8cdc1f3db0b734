#!/usr/bin/env python3
"""Lists the profiles of a Paxos account, with an access token from Vault.

It logs in to Vault with AppRole, reads a token of one role, and uses it for many requests. It reads
again when Vault says so, and when Paxos rejects the token. No secret is printed or is in an argument.

Usage: list_profiles.py [SECONDS]. With SECONDS it repeats after that time until it is interrupted.

VAULT_ADDR       address of Vault
ROLE_ID_FILE     file with the Role ID of AppRole (default: role-id)
SECRET_ID_FILE   file with the Secret ID of AppRole (default: secret-id)
PAXOS_MOUNT      path of the secrets engine (default: paxos)
PAXOS_ROLE       role to read tokens of (default: mint-role)
"""

import email.utils
import logging
import os
import random
import signal
import sys
import threading
import time
from datetime import datetime, timezone

import hvac
import requests

log = logging.getLogger("paxos")

TIMEOUT = 20  # seconds that one request may take
LONGEST_WAIT = 30  # seconds; if a server asks for more, the request fails
READ_AGAIN_AFTER_FAILURE = 10  # seconds
VAULT_UNAVAILABLE = (
    hvac.exceptions.InternalServerError,
    hvac.exceptions.BadGateway,
    hvac.exceptions.VaultDown,
    hvac.exceptions.RateLimitExceeded,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
)


class Unavailable(Exception):
    """A server did not answer, or asked to retry later."""

    def __init__(self, message, retry_after=None):
        super().__init__(message)
        self.retry_after = retry_after


def with_retries(attempt):
    """Call attempt until it raises no Unavailable, at most six times in about 12 seconds."""
    for longest in (0.5, 1, 2, 4, 8, None):
        try:
            return attempt()
        except Unavailable as error:
            if longest is None or (error.retry_after or 0) > LONGEST_WAIT:
                raise
            # Jitter: clients that failed together do not come back together.
            pause = (error.retry_after or longest / 2) + random.uniform(0, longest / 2)
            log.warning("%s; retrying in %.1f s", error, pause)
            time.sleep(pause)


def retry_after(response):
    """Return the seconds of the header Retry-After, which has a number or a date, or None."""
    text = response.headers.get("Retry-After", "")
    try:
        if text.isdigit():
            return int(text)
        then = email.utils.parsedate_to_datetime(text)
        return max(0.0, (then - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError):
        return None


class Token:
    """An access token, and when to read again."""

    def __init__(self, data):
        self.access_token = data["access_token"]
        self.token_id = data["token_id"]
        self.api_url = data["api_url"]
        expires = datetime.strptime(data["expires_at"], "%Y-%m-%dT%H:%M:%SZ")
        self.expires_at = expires.replace(tzinfo=timezone.utc)
        self.read_again_at = time.monotonic() + data["ttl"]

    def expired(self):
        """Tell whether Paxos rejects the token because of its age."""
        return datetime.now(timezone.utc) >= self.expires_at


class VaultTokens:
    """The tokens of one role. Threads may share it."""

    def __init__(self, path, role_id_file, secret_id_file):
        self.path = path
        self.role_id_file = role_id_file
        self.secret_id_file = secret_id_file
        self.vault = hvac.Client(token="", timeout=TIMEOUT)  # its address is VAULT_ADDR
        self.login_ends_at = 0.0
        self.lock = threading.Lock()
        self.token = None

    def current(self):
        """Return a token. Vault is asked only after the ttl of the last one."""
        with self.lock:
            if self.token is None or self.token.expired():
                with_retries(self._read)
            elif time.monotonic() >= self.token.read_again_at:
                try:
                    self._read()
                except Unavailable as error:
                    # The token is valid until it expires, whether Vault answers or not.
                    log.warning("%s; keeping the token until %s", error, self.token.expires_at)
                    self.token.read_again_at = time.monotonic() + READ_AGAIN_AFTER_FAILURE
            return self.token

    def replace(self, rejected):
        """Report a token that Paxos rejected with 401, and return a new one."""
        with self.lock:
            if self.token.token_id == rejected.token_id:
                with_retries(lambda: self._report(rejected))
            return self.token

    def close(self):
        """Log out, so that nobody can use the Vault token."""
        if self.vault.token:
            try:
                self.vault.logout(revoke_token=True)
            except (hvac.exceptions.VaultError, requests.exceptions.RequestException) as error:
                log.warning("Vault: not logged out: %s", error)

    def _read(self):
        self._keep(self._ask(lambda: self.vault.read(self.path)))

    def _report(self, rejected):
        self._keep(self._ask(lambda: self.vault.write(self.path, rejected_token_id=rejected.token_id)))

    def _keep(self, answer):
        for warning in answer["warnings"] or []:
            log.warning("Vault: %s", warning)
        self.token = Token(answer["data"])

    def _ask(self, request):
        try:
            if time.monotonic() >= self.login_ends_at:
                self._login()
            try:
                return request()
            except hvac.exceptions.Forbidden:
                self._login()  # the login may have been revoked; if not, this fails again
                return request()
        except VAULT_UNAVAILABLE as error:
            raise Unavailable(f"Vault: {error}") from error

    def _login(self):
        answer = self.vault.auth.approle.login(
            role_id=read_file(self.role_id_file), secret_id=read_file(self.secret_id_file)
        )
        # Log in again at two thirds of the login's time.
        self.login_ends_at = time.monotonic() + answer["auth"]["lease_duration"] * 2 / 3


class Paxos:
    """The API of Paxos."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.session = requests.Session()

    def request(self, method, path, body=None):
        """Send a request, and return the JSON of the answer.

        It is repeated after 429, 5xx and broken connections. A request that moves money may only be
        repeated because its body, with its ref_id, is the same each time.
        """
        token = self.tokens.current()
        response = with_retries(lambda: self._send(token, method, path, body))
        if response.status_code == 401:
            token = self.tokens.replace(token)
            response = with_retries(lambda: self._send(token, method, path, body))
        if not 200 <= response.status_code < 300:
            raise RuntimeError(f"Paxos answered HTTP {response.status_code}: {response.text[:200]!r}")
        return response.json()

    def _send(self, token, method, path, body):
        headers = {"Authorization": f"Bearer {token.access_token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            # Paxos sends no redirects. One that is followed would take the body to another server.
            response = self.session.request(
                method,
                token.api_url + path,
                data=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            raise Unavailable(f"Paxos did not answer: {type(error).__name__}") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise Unavailable(f"Paxos answered HTTP {response.status_code}", retry_after(response))
        return response


def read_file(path):
    """Return the content of a file, without the line break at its end."""
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def run(tokens, seconds):
    """List the profiles, once or again and again."""
    paxos = Paxos(tokens)
    while True:
        profiles = paxos.request("GET", "/profiles").get("items", [])
        print(f"{len(profiles)} profiles", flush=True)
        if seconds is None:
            return
        time.sleep(seconds)


def main():
    """Run until the end or SIGTERM, and log out."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    mount, role = os.environ.get("PAXOS_MOUNT", "paxos"), os.environ.get("PAXOS_ROLE", "mint-role")
    tokens = VaultTokens(
        f"{mount}/token/{role}",
        os.environ.get("ROLE_ID_FILE", "role-id"),
        os.environ.get("SECRET_ID_FILE", "secret-id"),
    )
    try:
        run(tokens, float(sys.argv[1]) if len(sys.argv) > 1 else None)
    except (hvac.exceptions.VaultError, Unavailable, RuntimeError, OSError) as error:
        sys.exit(f"list_profiles: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        tokens.close()


main()
