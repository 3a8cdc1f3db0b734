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
verify_connection=false skips that. A new secret for the same client_id does what
config/rotate-root does: it becomes the next generation, and tokens minted with the
old one go on until they end. The secret that is stored already changes nothing.
Another client_id is refused: write it to config/replace-root.

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

const guardrailsHelp = `
The ceiling of the mount, for the team that answers for it: a role beyond it
cannot be written, and what a role already holds beyond it is not issued (403).
When the ceiling is lowered, live tokens that are now too much end at once, and a
warning says how many and of which roles.

allowed_scopes names scopes or patterns; in a pattern * stands for any text on its
side of the colon. At its default, every scope may be issued but those that govern
the company's API credentials (api_creds:*). These need allow_admin_scopes=true, and
a scope that this version does not know needs allow_uncatalogued_scopes=true,
whatever allowed_scopes says. max_ttl bounds leases; a token read from token/<name>
has none, and lives until it expires.

Parameters left out keep their value; a delete gives all their defaults back.
`

const rotateRootHelp = `
In the Dashboard, Rotate Credentials makes a new secret for the same Client ID, and
the old one stops at once. Write the new one here: it is verified with one token
request, whose token is ended at once, and swapped in with one write. Between the
click and the write readers are served from the cache, and tokens that are out go
on. If it is refused, nothing changes. It works during a lockdown too.
`

const replaceRootHelp = `
Another client takes the root's place, because the old one leaked or is to be deleted:
one made in the Dashboard (client_id and client_secret), or a stored client with
purpose=standby (client), whose stored secret is used. It is verified with one token request for all scopes of
all roles of the mount; if it lacks some, they are named, and nothing changes. It
must be of the same Entity, as far as that can be told. Tokens of the old client are
served until they end, and revoked with its secret; then it is forgotten here. At Paxos
it is deleted only with delete_old_at_paxos=true. It works during a lockdown too.

If the old client leaked, rotate the roles as well, or use lockdown.
`

const probeHelp = `
Paxos's documentation does not say whether a revoked token stops working and how
soon, whether HTTP Basic is accepted, or which headers tell of rate limits. A write
asks this account's Paxos, with the root client: it mints a token, tries it out,
revokes it and tries it again; asks for the right to list credentials; and mints once
with HTTP Basic. That costs at most 3 token requests, and it refuses to run again
within 10 minutes. All its tokens are ended, and no setting is changed.

What was found is stored and shown by status. If revocation proved to be without
effect, leases say so in a warning.
`

const lockdownHelp = `
From the moment a write returns, nothing is issued to anyone, on any node, and no
token is refreshed; a mint that is under way is ended when it lands. Every live
token is put out of use and revoked at Paxos, even with never_revoke; what Paxos
cannot take at once is worked off in the background. The answer says how many are
left and how long that takes. Writing again tries again.

It survives restarts, failovers and a deleted config, and while it cannot be read
whether it is in force, it is. Roles and settings can be changed meanwhile, and the
root's secret replaced. Only a delete lifts it, so that a policy can give the two to
different people. A read shows what is still alive.
`

const roleHelp = `
A role names scopes, or operations that need them. Readers of creds/<name> and
token/<name> get an access token with exactly these scopes, minted by the mount's
root client, which must hold them all: one that it lacks fails the whole request at
Paxos.

By default the readers of a role share a token, which is minted once, refreshed
before it expires and revoked idle_ttl after its last lease has ended. After a
restart it is not known any more who holds the token: then it lives until it
expires, an hour at most, unless it is ended with roles/<name>/rotate. With
unique_tokens every lease has its own, ended with the lease; each costs a token
request, of which Paxos allows about one a second for everybody behind the same
address.

scopes, scope_sets and operations add up; what comes of them is resolved_scopes,
and is all that counts from then on. operations gets the least scopes that allow
what it names: where Paxos accepts one of several, the one that the role has
anyway, else the one that opens less. A read tells what brought each scope in
(scope_sets: mint, operations: GetTransfer), and in operations_beyond what a role
written by operations can do besides, because Paxos has no smaller scope.

A stored role never changes by itself: not when a scope set is changed or deleted,
and not when a new version of this engine knows the API better. A write that names
scopes, scope_sets or operations resolves all three anew, as they are written and
as the sets are then; any other write leaves resolved_scopes as they are.

Narrowing, disabling or deleting a role ends the tokens that are now too much.
What config/guardrails does not allow is refused with 403, here and when it is read.
`

const roleRotateHelp = `
Every live token of the role, leased or not, is put out of use at once and revoked
at Paxos. The answer says how many Paxos has ended and how many are waiting for
it. Leases stay until they end; their tokens are dead.

With grace=20m the tokens are no longer issued, but are revoked that much later, when
their readers have new ones: Vault Agent reads token/<name> again within poll_interval,
creds/<name> at the end of its lease. Do not use it for a token that leaked.
`

const credsHelp = `
Answers an access token of the role. The lease ends with the token at the latest
and cannot be renewed: read again. When the lease of a role with unique_tokens
ends, its token is revoked at Paxos; a shared token is revoked idle_ttl after its
last lease has ended.

A write gets less than the role gives: scopes, some of the role's; ttl, a shorter
lease. Send the token as "Authorization: Bearer <access_token>" to api_url.

If Paxos answers 401 to a token, write rejected_token_id with its token_id. If it is the
one that is issued now and Paxos rejects it, a new token is requested. If not, the same
token is returned with a warning that says why. At most one question per token and minute.
`

const tokenHelp = `
Answers the same as creds/<name> without a lease: nothing is written to Vault's
storage for a reader, however many there are. The token cannot be revoked by its
reader; it lives until it expires, or until roles/<name>/rotate.

ttl, rotation_period and last_vault_rotation tell Vault Agent and the Vault Secrets
Operator when to read again. A write may name some of the role's scopes, or, after a 401
from Paxos, the token's token_id as rejected_token_id.
`

const driftHelp = `
Compares Paxos's list of the Entity's credentials with this mount's records: clients that
no mount of this plugin process accounts for, clients that are disabled or missing, changed
scopes or IP allow-lists, clients without an IP allow-list or without enforced request
signing. A read shows the latest comparison. refresh=true makes a new one, for which the
root client needs api_creds:read_credentials. Once that has worked, it is repeated every
hour, and an event announces each new finding of severity medium or high.

fix is harmless. suggestion takes a function away from somebody: try the fix first.
Accepted findings (exceptions/<name>) stand apart, under accepted.

label and evidence contain text from the Dashboard, which others may have written: treat
it as data. No fix or suggestion contains a label.
`

const privilegeHelp = `
Every scope that anyone could get through this mount, with its risk and the roles that
give it, and findings: scopes that the client holds and no role uses; roles that can move
money, that nobody has read for 30 days, or that exceed the guardrails or the client;
clients whose secret is old or unverified, or works from any address; and every dangerous
option in force.

fix is the harmless way to resolve a finding. suggestion takes a function away from
somebody: try the fix first. Accepted findings (exceptions/<name>) stand apart, under
accepted.

The order is always the same, so that two reports can be compared with diff. What is known
of Paxos is from the latest comparison (report/drift); refresh=true makes a new one first.
`

const lookupHelp = `
Takes a token that was found in a log, a repository or a chat, or the token_id that an
audit log has, and tells which role, client and lease holders it belongs to. "Bearer"
before the token, quotes around it and line breaks in it are ignored. Nothing is sent to
Paxos, and the token is not repeated. A token of another mount, or one that has ended,
answers known=false, with the token_id to search audit logs for.

To revoke a token now, write to roles/<role>/rotate.
`

const revocationHelp = `
A token that nobody gets any more and that Paxos has not revoked yet, because it was
out of reach or had its pace. It is tried again every minute until it is done or the
token has expired. A delete gives that up: the token then lives until it expires.

A token in state waiting is left to its holders for the grace of a rotation or a change
of its role, and is revoked at the time shown. Nothing is wrong with it.
`

const listHelp = `
Lists names in order. after and limit page through them; vault list passes no
parameters, so use a read with list=true: vault read paxos/roles list=true limit=100
`

const metricsHelp = `
Counters and gauges of this mount in Prometheus's text format, for those whose Vault policy
allows it. vault read shows no raw text, so use curl or vault read -format=raw:

    curl -H "X-Vault-Token: ..." $VAULT_ADDR/v1/paxos/metrics

Counters begin at zero when the plugin starts. Labels are names of roles that exist,
kinds, outcomes, reasons, reports and severities, never what a caller sent. paxos_findings
is counted in the background, at most once a minute, when the metrics are read.
`

const statusHelp = `
Needs no sudo and calls nobody: the budget of token requests and what is used of
it, whether Paxos throttles this address, how many tokens are alive, the root
client and the age of its secret.
`

const clientHelp = `
Clients are made by hand in the Paxos Dashboard and stored here beside the root.
purpose says what for, is required, and never changes:

    mint     roles that name it as their client request tokens with it
    lease    roles of credential_type client_credentials lease it, with its secret
    standby  it may become the root client (config/promote-standby)

Storing a client verifies its secret and all its scopes with one token request;
verify_connection=false skips that. A client whose secret was not verified is never
deleted at Paxos and never promoted, and is used only where the guardrails'
allow_unchecked_clients is true. A client_id is stored once on a mount, and one with
purpose=lease nowhere else in this plugin process. allowed_roles says which roles may
use it, none by default. Neither secret nor lease is ever shown here.

Deleting the entry only makes Vault forget the client. It is refused while the client
is leased or is due to be deleted at Paxos, and while tokens that it requested are
valid, unless force=true.
`

const clientRotateHelp = `
In the Dashboard, Rotate Credentials makes a new secret for the same Client ID, and
the old one stops at once: whoever has it out on a lease loses it. Write the new one
here: it is verified with one token request for all the client's scopes, then stored.

A client in quarantine, or one that was found disabled in the Dashboard, is available
again afterwards.
`

const promoteHelp = `
Takes the first stored client with purpose=standby, by name, that is ready, or the one
that client names; verifies with one token request that it holds what all roles need;
and puts it in the root's place. Its entry under clients/ is deleted then. Tokens of
the previous root are served until they end, and refreshed with the new one.

A standby is ready if its secret was verified when it was stored and it was shown to
be of this mount's Entity: by the profiles that it sees, or by a list of credentials
that the root client asked for (report/drift with refresh=true). Otherwise, and in a
lockdown, use config/replace-root client=<name>, which needs sudo.

It is refused while the root before drains, and on a mount that stopped itself.
`

const resumeHelp = `
A mount with stocked clients whose periodic work paused for more than an hour, as that
of a copy restored from a snapshot, deletes no client at Paxos and promotes none until
this path is written: its record of who holds what may be old. On production, after a
long outage, write it. On a copy made for a drill, do not.
`

const scopesHelp = `
The scopes of Paxos's API as this version of the engine knows them; Paxos adds
scopes without notice, so one that is missing here is unknown, not wrong. Nothing is
asked of Paxos, and nothing here says what this mount's client holds.

risk is how much harm a scope can do: read sees, write changes records, moves-money
moves money, trades or says where money goes, admin governs the company's API
credentials. Paxos grades nothing; it is inferred from what a scope opens.

A list may be narrowed by risk and by q, a text in the name or description; after
and limit page through it. vault list passes no parameters, so use a read:

    vault read paxos/scopes list=true risk=moves-money
    vault read paxos/scopes list=true q=withdrawal
    vault read paxos/scopes/transfer:write_crypto_withdrawal
`

const operationsHelp = `
The operations of Paxos's API by their operationId, each with the scope that it
needs: to write a role by what an application does, roles/<name> takes these ids as
operations. Nothing is asked of Paxos.

least_scopes is what a role gets that is written by this operation alone, also_opens
what that role can call besides: Paxos has no smaller scope. access tells the few
that need none: none is public, token takes any live token. A role cannot be written
by these.

A list may be narrowed by risk, by tag (Paxos's groups) and by q, a text in the id,
path or summary; after and limit page through it. vault list passes no parameters,
so use a read:

    vault read paxos/operations list=true tag=Transfers
    vault read paxos/operations list=true q=withdraw
    vault read paxos/operations/CreateCryptoWithdrawal
`

const scopeSetHelp = `
A scope set is a name for scopes, for roles to be written by: scope_sets=mint. Each
use case that Paxos documents is built in, with the page that documents it as its
source; these are read-only. What the documentation asks for is not the least that
works: compare with a role written by operations.

A set gives nobody anything. A role takes the scopes that its sets have when it is
written and keeps them: changing or deleting a set changes no role, and a warning
names the roles that have it as it was. Write such a role again, with scope_sets, to
bring it up to date.
`

const exceptionHelp = `
An exception accepts the findings of one rule on one subject, for at most a year. The
reports then show them apart, under accepted, and always say how many there are; metrics
count them with accepted="true", and paxos-report -fail-on passes over them.

A write accepts the finding as it is at that moment: its severity and evidence, and of a
role the role itself and its scopes. When one of these changes, the exception no longer
applies, and the finding is open again and says so. Write the exception again to accept
what it has become. An exception that has expired is a finding itself.

Who wrote it is recorded. rule and subject are those of the report, exactly. The path
needs sudo, like config/guardrails.
`
