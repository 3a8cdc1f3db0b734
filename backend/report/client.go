package report

import (
	"strings"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// client finds what is wrong with a client whose secret the mount stores.
func (r *Review) client(c Client) {
	subject := "client " + c.Name
	if age := r.Now.Sub(c.Since); age > r.Settings.CredentialMaxAge {
		r.add(Medium, ruleSecretOld, subject, "The client's secret is older than credential_max_age",
			r.newSecret(c), "client_id="+c.ID, "secret_set_at="+timestamp(c.Since))
	}
	if !c.Verified {
		r.add(Medium, ruleSecretUnverified, subject,
			"The client's secret was stored without verification: it may be wrong, or belong to another client",
			r.newSecret(c), "client_id="+c.ID)
	}
	r.purpose(c)
	listed := r.List.find(c.ID)
	switch {
	case r.List.ListedAt.IsZero(), listed == nil && r.List.Left > 0:
	case listed == nil:
		r.add(High, ruleClientMissing, subject,
			"Paxos does not list the client: it was deleted, or belongs to another Paxos Entity", r.replacement(c),
			"client_id="+c.ID)
		return
	case listed.Status != paxos.StatusApproved:
		r.add(High, ruleClientDisabled, subject,
			"The client is disabled at Paxos, so no token can be requested with it", r.replacement(c), "client_id="+
				c.ID, "status="+listed.Status)
		return
	default:
		r.allowlist(c, subject, listed)
	}
	r.signing(c, subject, listed)
}

// replacement tells how to replace a client that can no longer be used.
func (r *Review) replacement(c Client) string {
	if c.Name != "root" {
		return r.newSecret(c)
	}
	return byHand(
		"create another client with the same scopes, and use its Client ID and secret in the next command") + "\n" +
		command("write", r.Mount+replaceRootPath, "client_id=<Client ID>", "client_secret=-")
}

// allowlist compares the client's IP allow-list with the addresses that Vault calls from.
func (r *Review) allowlist(c Client, subject string, listed *Credential) {
	egress := r.Settings.EgressCIDRs
	blocks := "the addresses that Vault calls from"
	if len(egress) > 0 {
		blocks = strings.Join(egress, ", ")
	}
	evidence := append([]string{"client_id=" + c.ID}, listed.IPAllowlist...)
	switch missing := uncovered(egress, listed.IPAllowlist); {
	case anywhere(listed.IPAllowlist):
		r.suggest(min(severityOf(worst(listed.Scopes)), Medium), ruleNoAllowlist, subject,
			"No IP allow-list: a stolen secret works from any address",
			"# list the addresses from which Vault and "+r.whoCalls(c)+" call Paxos",
			byHand("set Allowable IP of %s to %s and those of the applications; calls from other addresses "+
				"are then refused", c.ID, blocks), evidence...)
	case len(egress) == 0:
		r.add(Info, ruleEgressUnknown, configPath,
			"egress_cidrs is not set, so the clients' IP allow-lists cannot be checked",
			"# name the address blocks that Vault calls from\n"+r.patch(configPath, "egress_cidrs=<blocks>"))
	case len(missing) > 0:
		r.add(Medium, ruleAllowlistShort, subject,
			"The client's IP allow-list does not cover egress_cidrs: Paxos may refuse Vault's calls from the "+
				"other addresses",
			byHand("add to Allowable IP of %s: %s", c.ID, strings.Join(missing, ", ")), evidence...)
	}
}

// newSecret tells how to give a client another secret.
func (r *Review) newSecret(c Client) string {
	return byHand("Rotate Credentials of %s; then paste the secret into the next command", c.ID) + "\n" +
		command("write", r.Mount+c.Rotate, "client_secret=-")
}

// whoCalls names those who use a client besides the engine.
func (r *Review) whoCalls(c Client) string {
	roles := r.callers[c.Name]
	if len(roles) == 0 {
		return "no role of this mount"
	}
	return "the readers of " + strings.Join(some(roles), ", ")
}

// purpose finds stored clients without a purpose, and clients that were not shown to belong to the
// mount's Paxos Entity.
func (r *Review) purpose(c Client) {
	subject := "client " + c.Name
	if c.Stored && c.Purpose == "" {
		r.add(Medium, ruleWithoutPurpose, subject,
			"The client has no purpose, because an earlier version of the plugin stored it; it cannot be used until "+
				"it has one",
			r.patch(c.Name, "purpose=<mint, lease or standby>"), "client_id="+c.ID)
	}
	if !c.EntityShown && r.List.find(c.ID) == nil {
		r.add(Low, ruleEntityUnknown, subject,
			"It is not verified that the client belongs to this mount's Paxos Entity: it could not list profiles, "+
				"and Paxos's list of credentials did not contain it",
			byHand("add %s to the scopes of %s, and store its secret again", paxos.ProfileScope,
				c.ID), "client_id="+c.ID)
	}
}
