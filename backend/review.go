package backend

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// A review collects findings. Two reviews of the same state find the same.
type review struct {
	mount    string // where the mount is, for commands
	now      time.Time
	settings config
	clients  []custody
	seen     comparison
	prefix   string // of the Labels of credentials that the engine may delete
	findings []finding
}

// review begins one with what is stored, and what the clients in custody show.
func (b *backend) review(ctx context.Context, req *logical.Request, seen comparison) (*review, error) {
	settings, err := load[config](ctx, req.Storage, configKey)
	if errors.Is(err, errNotFound) {
		settings, err = newConfig(), nil
	}
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
	r := &review{mount: req.MountPoint, now: b.options.Now(), settings: settings, clients: clients, seen: seen, prefix: limits.deletablePrefix()}
	for _, c := range clients {
		r.client(c)
	}
	r.comparable()
	return r, nil
}

// add adds a finding.
func (r *review) add(severity severity, rule, subject, reason, fix string, evidence ...string) {
	r.findings = append(r.findings, finding{severity, rule, subject, reason, evidence, fix})
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
		r.add(low, "listing-refused", subject, "the root client may not list the Entity's credentials: what Paxos has cannot be compared with what Vault knows",
			byHand("add %s to the scopes of %s", listScope, r.clients[0].ID)+"\n"+again, "refused_at="+timestamp(r.seen.At))
	case r.seen.ListedAt.IsZero():
		r.add(info, "never-compared", subject, "what Paxos has was never compared with what Vault knows", again)
	}
}

// client finds what is wrong with a client in the mount's custody.
func (r *review) client(c custody) {
	subject := "client " + c.Name
	if age := r.now.Sub(c.Since); age > r.settings.CredentialMaxAge {
		r.add(medium, "secret-old", subject, "the client's secret is older than credential_max_age", r.newSecret(c), "client_id="+c.ID, "secret_set_at="+timestamp(c.Since))
	}
	if !c.Verified {
		r.add(medium, "secret-unverified", subject, "the client's secret was stored without being verified: it may be wrong, or of another client", r.newSecret(c), "client_id="+c.ID)
	}
	r.custodyFindings(c)
	if r.seen.ListedAt.IsZero() {
		return
	}
	o := r.seen.find(c.ID)
	switch {
	case o == nil && r.seen.Left == 0:
		r.add(high, "client-missing", subject, "Paxos does not list the client: it was deleted, or is of another Entity", r.replacement(c), "client_id="+c.ID)
	case o == nil:
	case o.Status != paxos.StatusApproved:
		r.add(high, "client-disabled", subject, "the client is disabled at Paxos: no token can be minted with it", r.replacement(c), "client_id="+c.ID, "status="+o.Status)
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
	return byHand("make another client with the same scopes, and put its Client ID and secret into the next command") + "\n" +
		command("write", r.mount+replaceRootPath, "client_id=<Client ID>", "client_secret=-")
}

// allowlist holds the client's IP allow-list against where Vault's calls come from.
func (r *review) allowlist(c custody, subject string, o *observed) {
	egress := r.settings.EgressCIDRs
	blocks := "the address blocks that Vault's calls come from"
	if len(egress) > 0 {
		blocks = strings.Join(egress, ", ")
	}
	evidence := append([]string{"client_id=" + c.ID}, o.IPAllowlist...)
	switch missing := uncovered(egress, o.IPAllowlist); {
	case anywhere(o.IPAllowlist):
		r.add(min(severityOf(worst(o.Scopes)), medium), "no-allowlist", subject, "the client has no IP allow-list: its secret is of use from anywhere",
			byHand("set Allowable IP of %s to %s", c.ID, blocks), evidence...)
	case len(egress) == 0:
		r.add(info, "egress-unknown", configKey, "egress_cidrs is not set: whether the clients' IP allow-lists fit cannot be told",
			"# name the address blocks that Vault's calls come from\n"+r.patch(configKey, "egress_cidrs=<blocks>"))
	case len(missing) > 0:
		r.add(medium, "allowlist-short", subject, "the client's IP allow-list does not cover egress_cidrs: calls from the rest are refused",
			byHand("add to Allowable IP of %s: %s", c.ID, strings.Join(missing, ", ")), evidence...)
	}
}

// signing tells whether the client's requests must be signed.
func (r *review) signing(c custody, subject string, o *observed) {
	if o.Signing {
		return
	}
	how := byHand("register a public key for %s and switch Request Signing on, when its callers sign", c.ID)
	if o.Was != nil && o.Was.Signing {
		r.add(high, "signing-switched-off", subject, "request signing was enforced for the client, and is not any more", how, "client_id="+c.ID, "changed_at="+timestamp(o.ChangedAt))
		return
	}
	severity := low
	if worst(o.Scopes) >= catalog.MovesMoney {
		severity = medium
	}
	r.add(severity, "signing-not-enforced", subject, "request signing is not enforced for the client: its token alone is enough", how, "client_id="+c.ID)
}

// sorted are the findings in their order, each once.
func (r *review) sorted() []finding {
	slices.SortFunc(r.findings, compareFindings)
	r.findings = slices.CompactFunc(r.findings, finding.same)
	return r.findings
}
