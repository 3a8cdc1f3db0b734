package report

import (
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// signing finds that the client's requests need not be signed, or that nobody knows. listed is nil if
// Paxos's list does not have the client. To enforce it is never called a fix, because Paxos would then
// refuse every caller that does not sign yet.
func (r *Review) signing(c Client, subject string, listed *Credential) {
	seen, payers := r.enforcement(c), r.grants.payers(c.Name)
	state, evidence := seen.State, []string{"client_id=" + c.ID}
	switch {
	case state == Enforced && seen.Evidence == ByList && len(payers) > 0 && c.checkable():
		r.add(Medium, ruleSigningUnproved, subject,
			"Paxos's list says that request signing is enforced for this client, but no unsigned request has tested it yet",
			r.findOut(c), append(evidence, some(payers)...)...)
		return
	case state == Enforced, state == EnforcementUnknown && len(payers) == 0:
		return
	}
	if listed != nil && listed.switchedOff() {
		r.suggest(High, ruleSigningStopped, subject, "Request signing was enforced for the client, and no longer is",
			"# find out who switched it off, and why\n"+r.beforeEnforcing(c), r.enforcing(c),
			append(evidence, "changed_at="+timestamp(listed.ChangedAt))...)
		return
	}
	severity, reason := Low, "Request signing is not enforced: a stolen token alone is enough to act"
	fix := r.beforeEnforcing(c)
	switch {
	case len(payers) > 0 && state == EnforcementUnknown:
		severity, reason = High, "It is not known whether Paxos enforces request signing for this client. If it "+
			"does not, a token alone is enough to pay any amount, whatever the limits of signers are"
		fix = r.findOut(c) + "\n" + fix
		evidence = append(evidence, "enforcement="+state)
	case len(payers) > 0:
		severity, reason = High, "Request signing is not enforced: a token alone is enough to pay any amount, whatever "+
			"the limits of signers are"
		if seen.Evidence == ByList { // Paxos may enforce it for operations
			fix = r.findOut(c) + "\n" + fix
		}
	case worst(listedScopes(listed)) >= catalog.MovesMoney:
		severity = Medium
	}
	r.suggest(severity, ruleSigningOff, subject, reason, fix, r.enforcing(c), append(evidence, some(payers)...)...)
}

// checkable reports whether a probe may check the signing of a client: not of one that is leased.
func (c Client) checkable() bool { return c.Purpose != "lease" }

// findOut is the command that finds out whether signing is enforced: by an unsigned request, which moves
// nothing, or else from Paxos's list.
func (r *Review) findOut(c Client) string {
	if !c.checkable() {
		return command("read", r.Mount+driftPath, "refresh=true")
	}
	words := []string{"write", r.Mount + probePath, "check_signing=true"}
	if c.Stored {
		words = append(words, "client="+strings.TrimPrefix(c.Name, clientsPrefix))
	}
	return command(words...)
}

// listedScopes are the scopes of a credential that may not be listed.
func listedScopes(listed *Credential) []string {
	if listed == nil {
		return nil
	}
	return listed.Scopes
}

// beforeEnforcing tells what must be done before Paxos may enforce signing for a client. It is harmless.
func (r *Review) beforeEnforcing(c Client) string {
	var lines []string
	keys := r.by.keys[c.Name]
	switch {
	case r.by.signs(c.Name):
	case len(keys) > 0:
		lines = append(lines, "# register the public key of "+keysPrefix+keys[0].Name+
			" and store its Key ID, so that this mount can sign its own requests")
	default:
		create := []string{"write", "-f", r.Mount + keysPrefix + "<name>"}
		if c.Stored {
			create = []string{"write", r.Mount + keysPrefix + "<name>", "client=" + strings.TrimPrefix(c.Name,
				clientsPrefix)}
		}
		lines = append(lines, "# create a key for this client, register its public key and store its Key ID, so that "+
			"this mount can sign its own requests", command(create...))
	}
	if len(r.callers[c.Name]) > 0 {
		signers := "it has none yet"
		if names := r.by.signersOf(c.Name); len(names) > 0 {
			signers = "now " + strings.Join(some(names), ", ")
		}
		lines = append(lines, "# let "+r.whoCalls(c)+" sign their requests, with signers whose key is of this client ("+
			signers+")")
	}
	return strings.Join(lines, "\n")
}

// enforcing tells how to enforce signing for a client, and who would be cut off.
func (r *Review) enforcing(c Client) string {
	var off []string
	if !r.by.signs(c.Name) {
		off = append(off, "this mount itself, when it verifies, lists or deletes clients (no key of this client has "+
			"a Key ID)")
	}
	if len(r.callers[c.Name]) > 0 {
		off = append(off, r.whoCalls(c))
	}
	if len(off) == 0 {
		off = []string{"nobody that this mount knows of"}
	}
	return byHand("enforce Request Signing for %s only when everybody who uses it signs, because Paxos then refuses "+
		"unsigned requests. Cut off until they sign: %s", c.ID, strings.Join(off, "; "))
}
