package backend

// The texts behind `vault path-help`. They are wrapped by Vault at 80 columns.

const mountHelp = `
The paxos secrets engine keeps a company's Paxos API credentials in Vault and
hands applications the least that works: a short-lived OAuth2 access token for
just the scopes of a role, on a lease that can be revoked.

Paxos here is docs.paxos.com: stablecoins, brokerage, custody.

To begin: write environment, client_id and client_secret to config, write a role
with scopes to roles/<name>, and read creds/<name>.
`

const configHelp = `
One mount is one Paxos environment and one Entity. The first write names the
environment, which is then fixed. The root client is made by hand in the Paxos
Dashboard (Admin > API Management); its scopes are the most that any role of this
mount can get.

A write that brings a client_secret verifies it with one token request for
verify_scope and ends that token at once; nothing is stored if Paxos refuses.
verify_connection=false skips that. A new secret for the same client_id becomes
the next generation: tokens minted with the old one go on until they end.

Parameters left out keep their value. Deleting the configuration is refused while
tokens are alive that it is needed to revoke; force=true ends what it can, deletes,
and says how many tokens were left.
`

const connectionHelp = `
With environment=production or sandbox the URLs are Paxos's own. With custom, all
three are set here before config is written: https, or http on loopback.

A stored secret is never sent over a connection other than the one it was verified
over, so the URLs and the trusted CA cannot be changed while a root client is
stored. Redirects are never followed, proxies of the environment are ignored, and
link-local and metadata addresses are never dialled.
`

const roleHelp = `
A role names scopes. Readers of creds/<name> and token/<name> get an access token
with exactly these scopes, minted by the mount's root client, which must hold them
all: one that it lacks fails the whole request at Paxos.

By default the readers of a role share a token, which is minted once, refreshed
before it expires and revoked idle_ttl after its last lease has ended. After a
restart it is not known any more who holds the token: then it lives until it
expires, an hour at most, unless it is ended with roles/<name>/rotate. With
unique_tokens every lease has its own, ended with the lease; each costs a token
request, of which Paxos allows about one a second for everybody behind the same
address.

Narrowing, disabling or deleting a role ends the tokens that are now too much.
`

const roleRotateHelp = `
Every live token of the role, leased or not, is put out of use at once and revoked
at Paxos. The answer says how many Paxos has ended and how many are waiting for
it. Leases stay until they end; their tokens are dead.
`

const credsHelp = `
Answers an access token of the role. The lease ends with the token at the latest
and cannot be renewed: read again. When the lease of a role with unique_tokens
ends, its token is revoked at Paxos; a shared token is revoked idle_ttl after its
last lease has ended.

A write gets less than the role gives: scopes, some of the role's; ttl, a shorter
lease. Send the token as "Authorization: Bearer <access_token>" to api_url.
`

const tokenHelp = `
Answers the same as creds/<name> without a lease: nothing is written to Vault's
storage for a reader, however many there are. The token cannot be revoked by its
reader; it lives until it expires, or until roles/<name>/rotate.

ttl, rotation_period and last_vault_rotation tell Vault Agent and the Vault Secrets
Operator when to read again. A write may name some of the role's scopes.
`

const listHelp = `
Lists names in order. after and limit page through them; vault list passes no
parameters, so use a read with list=true: vault read paxos/roles list=true limit=100
`

const statusHelp = `
Needs no sudo and calls nobody: the budget of token requests and what is used of
it, whether Paxos throttles this address, how many tokens are alive, the root
client and the age of its secret.
`
