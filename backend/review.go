package backend

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// A review collects findings. Two reviews of the same state find the same.
type review struct {
	mount      string // where the mount is, for commands
	now        time.Time
	settings   config
	clients    []custody
	callers    callers
	elsewhere  map[string]bool // Client IDs that other mounts of the process have
	seen       comparison
	prefix     string // of the Labels of credentials that the engine may delete
	exceptions []namedException
	findings   []finding
	basis      string // of the findings that are being added
}

// review begins one with what is stored.
func (b *backend) review(ctx context.Context, req *logical.Request, seen comparison) (*review, error) {
	settings, err := store.LoadOr(ctx, req.Storage, configKey, newConfig)
	if err != nil {
		return nil, err
	}
	clients, err := b.clients(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	limits, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	exceptions, err := storedExceptions(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	return &review{
		mount: req.MountPoint, now: b.options.Now(), settings: settings, clients: clients, callers: callers{},
		elsewhere: b.mounts.clientIDs(ctx, b), seen: seen, prefix: limits.deletablePrefix(), exceptions: exceptions,
	}, nil
}

// lookAtClients finds what is wrong with the clients in the mount's custody, which these
// call Paxos with.
func (r *review) lookAtClients(who callers) {
	r.callers = who
	for _, c := range r.clients {
		r.client(c)
	}
	r.comparable()
}

// add adds a finding with a fix: what restores a promise and takes nothing away.
func (r *review) add(severity severity, rule rule, subject, reason, fix string, evidence ...string) {
	r.suggest(severity, rule, subject, reason, fix, "", evidence...)
}

// suggest adds a finding with a suggestion: what takes a function away from somebody,
// and so is for a person to decide. fix is the harmless way, if there is one.
func (r *review) suggest(severity severity, rule rule, subject, reason, fix, suggestion string, evidence ...string) {
	r.findings = append(r.findings, finding{
		Severity: severity, Rule: rule, Subject: subject, Reason: reason, Evidence: evidence, Fix: fix,
		Suggestion: suggestion, basis: r.basis,
	})
}

// patch is the command that changes settings of a path of the mount.
func (r *review) patch(path string, settings ...string) string {
	return command(append([]string{"patch", r.mount + path}, settings...)...)
}

// newSecret is how a client gets another secret.
func (r *review) newSecret(c custody) string {
	return byHand("Rotate Credentials of %s; then paste the secret into the next command", c.ID) + "\n" +
		command("write", r.mount+c.Rotate, "client_secret=-")
}

// comparable finds what keeps the mount from being compared with Paxos.
func (r *review) comparable() {
	const subject = "report/drift"
	again := command("read", r.mount+subject, "refresh=true")
	switch {
	case len(r.clients) == 0:
	case r.seen.Refused:
		r.add(low, ruleListingRefused, subject,
			"The root client may not list the Entity's credentials, so Paxos's list cannot be compared with "+
				"this mount's records",
			byHand("add %s to the scopes of %s", listScope, r.clients[0].ID)+"\n"+again)
	case r.seen.ListedAt.IsZero():
		r.add(info, ruleNeverCompared, subject,
			"Paxos's list of credentials was never compared with this mount's records", again)
	}
}

// client finds what is wrong with a client in the mount's custody.
func (r *review) client(c custody) {
	subject := "client " + c.Name
	if age := r.now.Sub(c.Since); age > r.settings.CredentialMaxAge {
		r.add(medium, ruleSecretOld, subject, "The client's secret is older than credential_max_age",
			r.newSecret(c), "client_id="+c.ID, "secret_set_at="+timestamp(c.Since))
	}
	if !c.Verified {
		r.add(medium, ruleSecretUnverified, subject,
			"The client's secret was stored without verification: it may be wrong, or belong to another client",
			r.newSecret(c), "client_id="+c.ID)
	}
	r.custodyFindings(c)
	if r.seen.ListedAt.IsZero() {
		return
	}
	o := r.seen.find(c.ID)
	switch {
	case o == nil && r.seen.Left == 0:
		r.add(high, ruleClientMissing, subject,
			"Paxos does not list the client: it was deleted, or belongs to another Paxos Entity", r.replacement(c),
			"client_id="+c.ID)
	case o == nil:
	case o.Status != paxos.StatusApproved:
		r.add(high, ruleClientDisabled, subject,
			"The client is disabled at Paxos: no token can be requested with it", r.replacement(c), "client_id="+
				c.ID, "status="+o.Status)
	default:
		r.allowlist(c, subject, o)
		r.signing(c, subject, o)
	}
}

// replacement is how a client that is gone is replaced.
func (r *review) replacement(c custody) string {
	if c.Name != rootName {
		return r.newSecret(c)
	}
	return byHand(
		"make another client with the same scopes, and put its Client ID and secret into the next command") + "\n" +
		command("write", r.mount+replaceRootPath, "client_id=<Client ID>", "client_secret=-")
}

// allowlist holds the client's IP allow-list against where Vault's calls come from.
func (r *review) allowlist(c custody, subject string, o *observed) {
	egress := r.settings.EgressCIDRs
	blocks := "the addresses that Vault calls from"
	if len(egress) > 0 {
		blocks = strings.Join(egress, ", ")
	}
	evidence := append([]string{"client_id=" + c.ID}, o.IPAllowlist...)
	switch missing := uncovered(egress, o.IPAllowlist); {
	case anywhere(o.IPAllowlist):
		r.suggest(min(severityOf(worst(o.Scopes)), medium), ruleNoAllowlist, subject,
			"No IP allow-list: a stolen secret works from any address",
			"# list the addresses from which Vault and "+r.whoCalls(c)+" call Paxos",
			byHand("set Allowable IP of %s to %s and those of the applications; calls from other addresses "+
				"are then refused", c.ID, blocks), evidence...)
	case len(egress) == 0:
		r.add(info, ruleEgressUnknown, configKey,
			"egress_cidrs is not set, so the clients' IP allow-lists cannot be checked",
			"# name the address blocks that Vault calls from\n"+r.patch(configKey, "egress_cidrs=<blocks>"))
	case len(missing) > 0:
		r.add(medium, ruleAllowlistShort, subject,
			"The client's IP allow-list does not cover egress_cidrs: Paxos may refuse Vault's calls from the "+
				"other addresses",
			byHand("add to Allowable IP of %s: %s", c.ID, strings.Join(missing, ", ")), evidence...)
	}
}

// signing tells whether the client's requests must be signed.
func (r *review) signing(c custody, subject string, o *observed) {
	if o.Signing {
		return
	}
	how := byHand("do not enforce Request Signing for %s before each of these signs its requests, because "+
		"Paxos would refuse them: "+
		"the engine itself, when it verifies, lists or deletes clients; %s. Then register a public key "+
		"and enforce it", c.ID, r.whoCalls(c))
	if o.Was != nil && o.Was.Signing {
		r.suggest(high, ruleSigningStopped, subject, "Request signing was enforced for the client, and no longer is",
			"# find out who switched it off, and why", how, "client_id="+c.ID, "changed_at="+timestamp(o.ChangedAt))
		return
	}
	severity := low
	if worst(o.Scopes) >= catalog.MovesMoney {
		severity = medium
	}
	r.suggest(severity, ruleSigningOff, subject,
		"Request signing is not enforced: a stolen token alone is enough to act", "", how, "client_id="+c.ID)
}

// whoCalls names those who use a client beside the engine.
func (r *review) whoCalls(c custody) string {
	roles := r.callers[c.Name]
	if len(roles) == 0 {
		return "no role of this mount"
	}
	return "the readers of " + strings.Join(some(roles), ", ")
}

// callers are, for each client, the roles whose readers get its tokens or itself.
type callers map[string][]string

// add adds the readers of a role.
func (c callers) add(name string, r role) {
	switch {
	case r.Disabled:
	case r.CredentialType == clientCredentials:
		for _, client := range r.Clients {
			c[clientsPrefix+client] = append(c[clientsPrefix+client], rolesPrefix+name)
		}
	default:
		c[mintedBy(r)] = append(c[mintedBy(r)], rolesPrefix+name)
	}
}

// callersOf reads every role for that.
func callersOf(ctx context.Context, s logical.Storage) (callers, error) {
	who := callers{}
	return who, eachRole(ctx, s, who.add)
}

// sorted are the findings in their order, each once.
func (r *review) sorted() []finding {
	slices.SortFunc(r.findings, compareFindings)
	r.findings = slices.CompactFunc(r.findings, finding.same)
	return r.findings
}

// judged are the findings that are open, those on exceptions among them, and those that
// somebody accepted.
func (r *review) judged() (open []finding, accepted []acceptedFinding) {
	for _, e := range r.exceptions {
		if !e.expired(r.now) {
			continue
		}
		path := exceptionsPrefix + e.name
		r.suggest(low, ruleExceptionEnded, path, "The exception has expired: what it accepted is open again",
			"# review the finding, then accept it again or delete the exception\n"+
				command("write", r.mount+path, "expires_at=90d"),
			command("delete", r.mount+path), "rule="+string(e.Rule), "subject="+e.Subject, "expires_at="+
				timestamp(e.ExpiresAt))
	}
	return apply(r.exceptions, r.sorted(), r.now)
}
