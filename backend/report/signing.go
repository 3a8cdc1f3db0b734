package report

import (
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// signing finds that the client's requests need not be signed, or that nobody knows. listed is nil if
// Paxos's list does not have the client. To enforce it is never called a fix, because Paxos would then
// refuse every caller that does not sign yet.
func (r *Review) signing(c Client, subject string, listed *Credential) {
	state, payers := r.enforcement(c).State, r.grants.payers(c.Name)
	if state == Enforced || state == EnforcementUnknown && len(payers) == 0 {
		return
	}
	evidence := []string{"client_id=" + c.ID}
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
			"does not, a token alone is enough to pay, and the limits of signers do not bind"
		fix = command("read", r.Mount+driftPath, "refresh=true") + "\n" + fix
		evidence = append(evidence, "enforcement="+state)
	case len(payers) > 0:
		severity, reason = High, "Request signing is not enforced: a token alone is enough to pay, and the limits of "+
			"signers do not bind"
	case worst(listedScopes(listed)) >= catalog.MovesMoney:
		severity = Medium
	}
	r.suggest(severity, ruleSigningOff, subject, reason, fix, r.enforcing(c), append(evidence, some(payers)...)...)
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
