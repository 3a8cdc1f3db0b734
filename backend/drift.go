package backend

import (
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// known is what the mount calls the client of a Client ID, empty if it knows none.
func (r *review) known(clientID string) (name string, former bool) {
	for _, c := range r.clients {
		switch {
		case c.ID == clientID:
			return c.Name, false
		case slices.Contains(c.Former, clientID):
			return c.Name, true
		}
	}
	return "", false
}

// drift finds in what way Paxos's list differs from what Vault knows.
func (r *review) drift() {
	var disabled []string
	for _, o := range r.seen.Credentials {
		name, former := r.known(o.ClientID)
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
			r.add(low, "client-replaced", credentialSubject(o), "the client was replaced here and goes on at Paxos",
				byHand("delete %s when status shows it draining no more", r.nameable(o)), "label="+o.Label)
		case name == "":
			r.stranger(o)
		}
		if len(o.PublicKeys) > 0 {
			r.add(info, "public-keys", credentialSubject(o), "request-signing keys are registered whose private halves this mount does not keep", byHand("delete those that nobody answers for"), o.PublicKeys...)
		}
	}
	if len(disabled) > 0 {
		slices.Sort(disabled)
		r.add(info, "credentials-disabled", "credentials", "Paxos lists credentials that are disabled or deleted and that this mount does not know", byHand("nothing needs to be done"), disabled...)
	}
	if r.seen.Left > 0 {
		r.add(low, "list-too-long", "credentials", "Paxos lists more credentials than a comparison keeps; the living and the newest were kept", byHand("delete those that nobody answers for"))
	}
}

// credentialSubject is what a finding on a credential at Paxos is about.
func credentialSubject(o observed) string { return "credential " + o.ClientID }

// nameable is a Client ID that may stand in an instruction: Paxos's own form only.
func (r *review) nameable(o observed) string {
	if validName(o.ClientID) {
		return o.ClientID
	}
	return "the credential that the subject names"
}

// stranger is a living credential that the mount does not know.
func (r *review) stranger(o observed) {
	subject, of := credentialSubject(o), r.nameable(o)
	evidence := append([]string{"label=" + o.Label, "created_at=" + timestamp(o.CreatedAt)}, graded(o.Scopes)...)
	r.add(severityOf(worst(o.Scopes)), "client-unknown", subject, "Paxos has a client that this mount does not know",
		byHand("delete %s, unless somebody answers for it", of), evidence...)
	if !o.CreatedAt.IsZero() && r.now.Sub(o.CreatedAt) > r.settings.CredentialMaxAge {
		r.add(low, "credential-old", subject, "the credential was made longer ago than credential_max_age allows", byHand("rotate or delete %s", of), "created_at="+timestamp(o.CreatedAt))
	}
	if strings.HasPrefix(o.Label, r.prefix) {
		r.add(low, "label-deletable", subject, "the Label begins with "+r.prefix+", which says that this engine may delete the credential",
			byHand("give %s another Label, if it is not this engine's", of), "label="+o.Label)
	}
}

// changed is a credential that is not what it was.
func (r *review) changed(o observed, name string) {
	subject, when := credentialSubject(o), "changed_at="+timestamp(o.ChangedAt)
	if name != "" {
		subject = "client " + name
	}
	undo := byHand("change it back, unless somebody answers for it")
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
		r.add(severity, "scopes-changed", subject, "the credential's scopes were changed at Paxos in the last 7 days", undo, evidence...)
	}
	if !slices.Equal(o.IPAllowlist, o.Was.IPAllowlist) {
		severity := low
		if len(uncovered(o.IPAllowlist, o.Was.IPAllowlist)) > 0 || anywhere(o.IPAllowlist) && !anywhere(o.Was.IPAllowlist) {
			severity = medium
		}
		r.add(severity, "allowlist-changed", subject, "the credential's IP allow-list was changed at Paxos in the last 7 days", undo,
			when, "before="+strings.Join(o.Was.IPAllowlist, ", "), "now="+strings.Join(o.IPAllowlist, ", "))
	}
	if name == "" && o.Was.Signing && !o.Signing {
		severity := medium
		if worst(o.Scopes) >= catalog.MovesMoney {
			severity = high
		}
		r.add(severity, "signing-switched-off", subject, "request signing was enforced for the credential, and is not any more", undo, when)
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
