#!/usr/bin/env node
// Lists the profiles of a Paxos account, with an access token from Vault.
//
// It logs in to Vault with AppRole, reads a token of one role, and uses it for many requests. It reads
// again when Vault says so, and when Paxos rejects the token. No secret is printed or is in an argument.
//
// Usage: list_profiles.mjs [SECONDS]. With SECONDS it repeats after that time until it is interrupted.
//
// VAULT_ADDR       address of Vault
// ROLE_ID_FILE     file with the Role ID of AppRole (default: role-id)
// SECRET_ID_FILE   file with the Secret ID of AppRole (default: secret-id)
// PAXOS_MOUNT      path of the secrets engine (default: paxos)
// PAXOS_ROLE       role to read tokens of (default: mint-role)

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import nodeVault from 'node-vault';

const timeout = 20_000; // milliseconds that one request may take
const longestWait = 30_000; // if a server asks for more, the request fails
const readAgainAfterFailure = 10_000;

/** A server did not answer, or asked to retry later. */
class Unavailable extends Error {
  constructor(message, retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

/** Calls attempt until it throws no Unavailable, at most six times in about 12 seconds. */
async function withRetries(attempt) {
  for (let longest = 500; ; longest *= 2) {
    try {
      return await attempt();
    } catch (error) {
      const after = error.retryAfter ?? longest / 2;
      if (!(error instanceof Unavailable) || longest > 8000 || after > longestWait) throw error;
      // Jitter: clients that failed together do not come back together.
      const pause = after + (Math.random() * longest) / 2;
      console.error(`${error.message}; retrying in ${Math.round(pause)} ms`);
      await sleep(pause);
    }
  }
}

/** Returns the milliseconds of the header Retry-After, which has seconds or a date. */
function retryAfter(response) {
  const text = response.headers.get('retry-after') ?? '';
  const pause = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(pause) ? undefined : Math.max(0, pause);
}

/** The tokens of one role. */
class VaultTokens {
  #vault = nodeVault({ requestOptions: { timeout } }); // its address is VAULT_ADDR
  #path;
  #token; // the last answer of Vault, with readAgainAt
  #loginEndsAt = 0;
  #pending; // the request to Vault that is under way

  constructor(path) {
    this.#path = path;
    this.#vault.token = '';
  }

  /** Returns a token. Vault is asked only after the ttl of the last one. */
  async current() {
    const token = this.#token;
    if (!token || Date.now() >= Date.parse(token.expires_at)) {
      await this.#once(() => withRetries(() => this.#read()));
    } else if (performance.now() >= token.readAgainAt) {
      try {
        await this.#once(() => this.#read());
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        // The token is valid until it expires, whether Vault answers or not.
        console.error(`${error.message}; keeping the token until ${token.expires_at}`);
        token.readAgainAt = performance.now() + readAgainAfterFailure;
      }
    }
    return this.#token;
  }

  /** Reports a token that Paxos rejected with 401, and returns a new one. */
  async replace(rejected) {
    if (this.#token.token_id === rejected.token_id) {
      await this.#once(() => withRetries(() => this.#report(rejected)));
    }
    return this.#token;
  }

  /** Logs out, so that nobody can use the Vault token. */
  async close() {
    if (!this.#vault.token) return;
    await this.#vault.tokenRevokeSelf().catch((error) => {
      console.error(`Vault: not logged out: ${error.message}`);
    });
  }

  /** Callers that come while Vault is asked wait for the same answer. */
  async #once(ask) {
    this.#pending ??= ask().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #read() {
    this.#keep(await this.#ask(() => this.#vault.read(this.#path)));
  }

  async #report({ token_id: rejected_token_id }) {
    this.#keep(await this.#ask(() => this.#vault.write(this.#path, { rejected_token_id })));
  }

  #keep({ data, warnings }) {
    for (const warning of warnings ?? []) console.error(`Vault: ${warning}`);
    this.#token = { ...data, readAgainAt: performance.now() + data.ttl * 1000 };
  }

  async #ask(request) {
    try {
      if (performance.now() >= this.#loginEndsAt) await this.#login();
      try {
        return await request();
      } catch (error) {
        if (error.response?.statusCode !== 403) throw error;
        await this.#login(); // the login may have been revoked; if not, this fails again
        return await request();
      }
    } catch (error) {
      const status = error.response?.statusCode;
      const answered = status && status !== 429 && status < 500;
      if (answered || error.code === 'ENOENT') throw error;
      throw new Unavailable(`Vault: ${error.message}`);
    }
  }

  async #login() {
    const answer = await this.#vault.approleLogin({
      role_id: await contents('ROLE_ID_FILE', 'role-id'),
      secret_id: await contents('SECRET_ID_FILE', 'secret-id'),
    });
    this.#vault.token = answer.auth.client_token;
    // Log in again at two thirds of the login's time.
    this.#loginEndsAt = performance.now() + (answer.auth.lease_duration * 1000 * 2) / 3;
  }
}

/** The API of Paxos. */
class Paxos {
  #tokens;

  constructor(tokens) {
    this.#tokens = tokens;
  }

  /**
   * Sends a request, and returns the JSON of the answer. It is repeated after 429, 5xx and broken
   * connections. A request that moves money may only be repeated because its body, with its ref_id, is
   * the same each time.
   */
  async request(method, path, body) {
    let token = await this.#tokens.current();
    let response = await withRetries(() => this.#send(token, method, path, body));
    if (response.status === 401) {
      token = await this.#tokens.replace(token);
      response = await withRetries(() => this.#send(token, method, path, body));
    }
    if (!response.ok) {
      const text = await response.text();
      throw new Error(`Paxos answered HTTP ${response.status}: ${JSON.stringify(text.slice(0, 200))}`);
    }
    return response.json();
  }

  async #send(token, method, path, body) {
    const headers = { Authorization: `Bearer ${token.access_token}` };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response;
    try {
      const signal = AbortSignal.timeout(timeout);
      // Paxos sends no redirects. One that is followed would take the body to another server.
      response = await fetch(token.api_url + path, { method, headers, body, signal, redirect: 'manual' });
    } catch (error) {
      throw new Unavailable(`Paxos did not answer: ${error.cause?.code ?? error.name}`);
    }
    if (response.status === 429 || response.status >= 500) {
      await response.body?.cancel();
      throw new Unavailable(`Paxos answered HTTP ${response.status}`, retryAfter(response));
    }
    return response;
  }
}

/** Returns the text of the file that the variable names. */
async function contents(variable, byDefault) {
  return (await readFile(process.env[variable] ?? byDefault, 'utf8')).trim();
}

const { PAXOS_MOUNT: mount = 'paxos', PAXOS_ROLE: role = 'mint-role' } = process.env;
const tokens = new VaultTokens(`${mount}/token/${role}`);
const paxos = new Paxos(tokens);
const seconds = Number(process.argv[2] ?? 0);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

try {
  do {
    const { items = [] } = await paxos.request('GET', '/profiles');
    console.log(`${items.length} profiles`);
    await sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => {});
  } while (seconds > 0 && !stop.signal.aborted);
} catch (error) {
  console.error(`list_profiles: ${error.message}`);
  process.exitCode = 1;
} finally {
  await tokens.close();
}
