package backend

import (
	"fmt"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// ofAnotherMount is what reports call a client that another mount of this plugin process
// has. They do not say which: who may read one mount may not know of the others.
const ofAnotherMount = "(another mount)"

// known is what the mount calls the client of a Client ID, empty if no mount of this
// plugin process has it.
func (r *review) known(clientID string) (name string, former bool) {
	for _, c := range r.clients {
		switch {
		case c.ID == clientID:
			return c.Name, false
		case slices.Contains(c.Former, clientID):
			return c.Name, true
		}
	}
	if r.elsewhere[clientID] {
		return ofAnotherMount, false
	}
	return "", false
}

// drift finds in what way Paxos's list differs from what Vault knows.
func (r *review) drift() {
	if root := r.clients; len(root) > 0 && r.elsewhere[root[0].ID] {
		r.add(low, ruleRootShared, "client "+root[0].Name,
			"Another mount of this plugin process requests tokens with the same client, so Paxos cannot tell "+
				"the two mounts apart",
			byHand("create a client of its own for each mount")+"\n"+command("write", r.mount+replaceRootPath,
				"client_id=<Client ID>", "client_secret=-"), "client_id="+root[0].ID)
	}
	var disabled []string
	for _, o := range r.seen.Credentials {
		name, former := r.known(o.ClientID)
		if name == ofAnotherMount {
			continue // its own mount reports on it
		}
		if o.Was != nil {
			r.changed(o, name)
		}
		switch {
		case o.Status != paxos.StatusApproved:
			if name == "" {
				disabled = append(disabled, o.ClientID)
			}
			continue
		case former:
			r.suggest(low, ruleClientReplaced, credentialSubject(o),
				"The client was replaced here and is still active at Paxos",
				command("read", r.mount+"status"), byHand("delete %s when status no longer shows it as draining",
					r.nameable(o)), "label="+o.Label)
		case name == "":
			r.stranger(o)
		}
		if len(o.PublicKeys) > 0 {
			r.suggest(info, rulePublicKeys, credentialSubject(o),
				"Request-signing keys are registered whose private keys this mount does not hold",
				"# find the owner of each key", byHand("delete the keys that nobody owns"), o.PublicKeys...)
		}
	}
	if len(disabled) > 0 {
		slices.Sort(disabled)
		r.add(info, ruleCredentialsDisabled, "credentials",
			"Paxos lists disabled or deleted credentials that no mount of this plugin process accounts for",
			"# nothing needs to be done", disabled...)
	}
	if r.seen.Left > 0 {
		r.suggest(low, ruleListTooLong, "credentials",
			fmt.Sprintf("Paxos lists more credentials than this report keeps. Active ones were kept first, "+
				"then the newest; %d are not shown", r.seen.Left),
			"", byHand("delete the credentials that nobody owns"))
	}
}

// credentialSubject is what a finding on a credential at Paxos is about.
func credentialSubject(o observed) string { return "credential " + o.ClientID }

// nameable is a Client ID that may stand in an instruction: Paxos's own form only.
func (r *review) nameable(o observed) string {
	if input.ValidName(o.ClientID) {
		return o.ClientID
	}
	return "the credential that the subject names"
}

// stranger is a living credential that the mount does not know.
func (r *review) stranger(o observed) {
	subject, of := credentialSubject(o), r.nameable(o)
	evidence := append([]string{"label=" + o.Label, "created_at=" + timestamp(o.CreatedAt)}, graded(o.Scopes)...)
	fix := "# find the owner of " + of
	if of == o.ClientID { // else it may not stand in a command
		fix += ". If it has one, accept this finding:\n" +
			command("write", r.mount+exceptionsPrefix+of, "rule="+string(ruleClientUnknown),
				"subject="+subject, "reason=<owner>", "expires_at=90d")
	}
	r.suggest(severityOf(worst(o.Scopes)), ruleClientUnknown, subject,
		"Paxos lists a client that no mount of this plugin process accounts for. Another Vault, plugin "+
			"version or team may own it",
		fix, byHand("delete %s only if nobody owns it", of), evidence...)
	if !o.CreatedAt.IsZero() && r.now.Sub(o.CreatedAt) > r.settings.CredentialMaxAge {
		r.suggest(low, ruleCredentialOld, subject, "The credential is older than credential_max_age",
			"# find the owner of "+of, byHand("the owner rotates %s, or deletes it if it is not needed",
				of), "created_at="+timestamp(o.CreatedAt))
	}
	if strings.HasPrefix(o.Label, r.prefix) {
		r.add(low, ruleLabelDeletable, subject,
			"The Label begins with "+r.prefix+", which allows this engine to delete the credential",
			byHand("give %s another Label, unless it belongs to this mount", of), "label="+o.Label)
	}
}

// changed is a credential that is not what it was.
func (r *review) changed(o observed, name string) {
	subject, when := credentialSubject(o), "changed_at="+timestamp(o.ChangedAt)
	if name != "" {
		subject = "client " + name
	}
	const ask = "# find out who made this change, and why"
	undo := byHand("change it back if nobody ordered it")
	more, less := without(o.Scopes, o.Was.Scopes), without(o.Was.Scopes, o.Scopes)
	if len(more)+len(less) > 0 {
		severity := low
		if len(more) > 0 {
			severity = severityOf(worst(more))
		}
		evidence := []string{when}
		for _, scope := range more {
			evidence = append(evidence, "+"+scope)
		}
		for _, scope := range less {
			evidence = append(evidence, "-"+scope)
		}
		r.suggest(severity, ruleScopesChanged, subject,
			"The credential's scopes were changed at Paxos in the last 7 days", ask, undo, evidence...)
	}
	if !slices.Equal(o.IPAllowlist, o.Was.IPAllowlist) {
		severity := low
		if len(uncovered(o.IPAllowlist, o.Was.IPAllowlist)) > 0 ||
			anywhere(o.IPAllowlist) && !anywhere(o.Was.IPAllowlist) {
			severity = medium
		}
		r.suggest(severity, ruleAllowlistChanged, subject,
			"The credential's IP allow-list was changed at Paxos in the last 7 days", ask, undo,
			when, "before="+strings.Join(o.Was.IPAllowlist, ", "), "now="+strings.Join(o.IPAllowlist, ", "))
	}
	if name == "" && o.Was.Signing && !o.Signing {
		severity := medium
		if worst(o.Scopes) >= catalog.MovesMoney {
			severity = high
		}
		r.suggest(severity, ruleSigningStopped, subject,
			"Request signing was enforced for the credential, and no longer is", ask, undo, when)
	}
}

// without are the names that the others lack.
func without(names, others []string) (rest []string) {
	for _, name := range names {
		if !slices.Contains(others, name) {
			rest = append(rest, name)
		}
	}
	return rest
}
