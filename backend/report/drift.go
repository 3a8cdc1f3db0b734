package report

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

// known is what the mount calls the client of a Client ID, empty if no mount of this plugin process
// has it. former reports that the client was replaced here. That comes last: a client that was
// replaced here may be in use elsewhere, and then nobody should be told to delete it.
func (r *Review) known(clientID string) (name string, former bool) {
	for _, c := range r.Clients {
		if c.ID == clientID {
			return c.Name, false
		}
	}
	if r.Elsewhere[clientID] {
		return ofAnotherMount, false
	}
	for _, c := range r.Clients {
		if slices.Contains(c.Former, clientID) {
			return c.Name, true
		}
	}
	return "", false
}

// Drift finds in what way Paxos's list differs from what Vault knows.
func Drift(f *Facts) *Review {
	r := newReview(f)
	if root := r.Clients; len(root) > 0 && f.Elsewhere[root[0].ID] {
		r.add(Low, ruleRootShared, "client "+root[0].Name,
			"Another mount of this plugin process requests tokens with the same client, so Paxos cannot tell "+
				"the two mounts apart",
			byHand("create a client of its own for each mount")+"\n"+command("write", r.Mount+replaceRootPath,
				"client_id=<Client ID>", "client_secret=-"), "client_id="+root[0].ID)
	}
	var disabled []string
	for _, o := range r.List.Credentials {
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
			r.suggest(Low, ruleClientReplaced, credentialSubject(o),
				"The client was replaced here and is still active at Paxos",
				command("read", r.Mount+"status"), byHand("delete %s when status no longer shows it as draining",
					r.nameable(o)), "label="+o.Label)
		case name == "":
			r.stranger(o)
		}
		if len(o.PublicKeys) > 0 {
			r.suggest(Info, rulePublicKeys, credentialSubject(o),
				"Request-signing keys are registered whose private keys this mount does not hold",
				"# find the owner of each key", byHand("delete the keys that nobody owns"), o.PublicKeys...)
		}
	}
	if len(disabled) > 0 {
		slices.Sort(disabled)
		r.add(Info, ruleCredentialsDisabled, "credentials",
			"Paxos lists disabled or deleted credentials that no mount of this plugin process accounts for",
			"# nothing needs to be done", disabled...)
	}
	if r.List.Left > 0 {
		r.suggest(Low, ruleListTooLong, "credentials",
			fmt.Sprintf("Paxos lists more credentials than this report keeps. Active ones were kept first, "+
				"then the newest; %d are not shown", r.List.Left),
			"", byHand("delete the credentials that nobody owns"))
	}
	return r
}

// credentialSubject is what a finding on a credential at Paxos is about.
func credentialSubject(o Credential) string { return "credential " + o.ClientID }

// nameable is a Client ID that may stand in an instruction: Paxos's own form only.
func (r *Review) nameable(o Credential) string {
	if input.ValidName(o.ClientID) {
		return o.ClientID
	}
	return "the credential that the subject names"
}

// stranger is a living credential that the mount does not know.
func (r *Review) stranger(o Credential) {
	subject, of := credentialSubject(o), r.nameable(o)
	evidence := append([]string{"label=" + o.Label, "created_at=" + timestamp(o.CreatedAt)}, scopesByRisk(o.Scopes)...)
	fix := "# find the owner of " + of
	if of == o.ClientID { // else it may not stand in a command
		fix += ". If it has one, accept this finding:\n" +
			command("write", r.Mount+exceptionsPrefix+of, "rule="+string(ruleClientUnknown),
				"subject="+subject, "reason=<owner>", "expires_at=90d")
	}
	r.suggest(severityOf(worst(o.Scopes)), ruleClientUnknown, subject,
		"Paxos lists a client that no mount of this plugin process accounts for. Another Vault, plugin "+
			"version or team may own it",
		fix, byHand("delete %s only if nobody owns it", of), evidence...)
	if !o.CreatedAt.IsZero() && r.Now.Sub(o.CreatedAt) > r.Settings.CredentialMaxAge {
		r.suggest(Low, ruleCredentialOld, subject, "The credential is older than credential_max_age",
			"# find the owner of "+of, byHand("the owner rotates %s, or deletes it if it is not needed",
				of), "created_at="+timestamp(o.CreatedAt))
	}
	if strings.HasPrefix(o.Label, r.Guardrails.DeletablePrefix) {
		r.add(Low, ruleLabelDeletable, subject,
			"The Label begins with "+r.Guardrails.DeletablePrefix+", which allows this engine to delete the credential",
			byHand("give %s another Label, unless it belongs to this mount", of), "label="+o.Label)
	}
}

// changed is a credential that is not what it was.
func (r *Review) changed(o Credential, name string) {
	subject, when := credentialSubject(o), "changed_at="+timestamp(o.ChangedAt)
	if name != "" {
		subject = "client " + name
	}
	const ask = "# find out who made this change, and why"
	undo := byHand("change it back if nobody ordered it")
	more, less := catalog.Without(o.Scopes, o.Was.Scopes), catalog.Without(o.Was.Scopes, o.Scopes)
	if len(more)+len(less) > 0 {
		severity := Low
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
		severity := Low
		if widened(o.Was.IPAllowlist, o.IPAllowlist) {
			severity = Medium
		}
		r.suggest(severity, ruleAllowlistChanged, subject,
			"The credential's IP allow-list was changed at Paxos in the last 7 days", ask, undo,
			when, "before="+strings.Join(o.Was.IPAllowlist, ", "), "now="+strings.Join(o.IPAllowlist, ", "))
	}
	if name == "" && o.Was.Signing && !o.Signing {
		severity := Medium
		if worst(o.Scopes) >= catalog.MovesMoney {
			severity = High
		}
		r.suggest(severity, ruleSigningStopped, subject,
			"Request signing was enforced for the credential, and no longer is", ask, undo, when)
	}
}

// ShownCredentials answers what Paxos lists, with what the mount calls each.
func (r *Review) ShownCredentials() []any {
	shown := make([]any, 0, len(r.List.Credentials))
	for _, o := range r.List.Credentials {
		name, _ := r.known(o.ClientID)
		shown = append(shown, o.shown(name))
	}
	return shown
}
