package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// ofAnotherMount is what reports call a client that another mount of this plugin process has. They
// do not say which mount, because somebody who may read this one need not know of the others.
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

// Drift finds how Paxos's list of credentials differs from what Vault knows.
func Drift(f *Facts) *Review {
	r := newReview(f)
	if root := r.Clients; len(root) > 0 && f.Elsewhere[root[0].ID] {
		r.add(Low, ruleRootShared, "client "+root[0].Name,
			"Another mount of this plugin process requests tokens with the same client, so Paxos cannot "+
				"distinguish the two mounts",
			byHand("create a separate client for each mount")+"\n"+command("write", r.Mount+replaceRootPath,
				"client_id=<Client ID>", "client_secret=-"), "client_id="+root[0].ID)
	}
	var disabled []string
	for _, listed := range r.List.Credentials {
		name, former := r.known(listed.ClientID)
		if name == ofAnotherMount {
			continue // its own mount reports on it
		}
		if listed.Was != nil {
			r.changed(listed, name)
		}
		switch {
		case listed.Status != paxos.StatusApproved:
			if name == "" {
				disabled = append(disabled, listed.ClientID)
			}
			continue
		case former:
			r.suggest(Low, ruleClientReplaced, credentialSubject(listed),
				"The client was replaced here and is still active at Paxos",
				command("read", r.Mount+"status"), byHand("delete %s when status no longer shows it as draining",
					nameable(listed)), "label="+listed.Label)
		case name == "":
			r.unknownClient(listed)
		}
		if foreign := r.by.foreign(listed); len(foreign) > 0 {
			r.suggest(Info, rulePublicKeys, credentialSubject(listed),
				"Request-signing keys are registered whose private keys this mount does not hold",
				"# find the owner of each key", byHand("delete the keys that nobody owns"), foreign...)
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

// comparability finds what keeps the mount from being compared with Paxos's list.
func (r *Review) comparability() {
	const subject = driftPath
	again := command("read", r.Mount+subject, "refresh=true")
	switch {
	case len(r.Clients) == 0:
	case r.List.Refused:
		r.add(Low, ruleListingRefused, subject,
			"The root client may not list the Entity's credentials, so Paxos's list cannot be compared with "+
				"this mount's records",
			byHand("add %s to the scopes of %s", paxos.ListScope, r.Clients[0].ID)+"\n"+again)
	case r.List.ListedAt.IsZero():
		r.add(Info, ruleNeverCompared, subject,
			"Paxos's list of credentials was never compared with this mount's records", again)
	}
}

// credentialSubject is the subject of findings on a credential at Paxos that the mount has no name for.
func credentialSubject(listed Credential) string { return "credential " + listed.ClientID }

// clientIDGrammar is what a Client ID must be made of to stand in an instruction.
var clientIDGrammar = regexp.MustCompile(`^\w([\w-]{0,126}\w)?$`)

// nameable is the Client ID of a credential, for instructions. A Client ID that could change what an
// instruction or a command says is left out. Paxos has none, but its list is not trusted.
func nameable(listed Credential) string {
	if clientIDGrammar.MatchString(listed.ClientID) {
		return listed.ClientID
	}
	return "the credential that the subject names"
}

// unknownClient finds what is wrong with an active credential that no mount of the process knows.
func (r *Review) unknownClient(listed Credential) {
	subject, of := credentialSubject(listed), nameable(listed)
	evidence := append([]string{"label=" + listed.Label, "created_at=" + timestamp(listed.CreatedAt)},
		scopesByRisk(listed.Scopes)...)
	fix := "# find the owner of " + of
	if of == listed.ClientID { // otherwise it may not be part of a command
		fix += ". If it has one, accept this finding:\n" +
			command("write", r.Mount+exceptionsPrefix+of, "rule="+string(ruleClientUnknown),
				"subject="+subject, "reason=<owner>", "expires_at=90d")
	}
	r.suggest(severityOf(worst(listed.Scopes)), ruleClientUnknown, subject,
		"Paxos lists a client that no mount of this plugin process accounts for. Another Vault, plugin "+
			"version or team may own it",
		fix, byHand("delete %s only if nobody owns it", of), evidence...)
	if !listed.CreatedAt.IsZero() && r.Now.Sub(listed.CreatedAt) > r.Settings.CredentialMaxAge {
		r.suggest(Low, ruleCredentialOld, subject, "The credential is older than credential_max_age",
			"# find the owner of "+of, byHand("the owner rotates %s, or deletes it if it is not needed",
				of), "created_at="+timestamp(listed.CreatedAt))
	}
	if strings.HasPrefix(listed.Label, r.Guardrails.DeletablePrefix) {
		r.add(Low, ruleLabelDeletable, subject,
			"The Label begins with "+r.Guardrails.DeletablePrefix+", which allows this engine to delete the credential",
			byHand("give %s another Label, unless it belongs to this mount", of), "label="+listed.Label)
	}
}

// changed finds what somebody has changed of a credential in the last days.
func (r *Review) changed(listed Credential, name string) {
	subject, when := credentialSubject(listed), "changed_at="+timestamp(listed.ChangedAt)
	if name != "" {
		subject = "client " + name
	}
	const ask = "# find out who made this change, and why"
	undo := byHand("change it back if nobody approved it")
	more, less := catalog.Without(listed.Scopes, listed.Was.Scopes), catalog.Without(listed.Was.Scopes, listed.Scopes)
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
	if !slices.Equal(listed.IPAllowlist, listed.Was.IPAllowlist) {
		severity := Low
		if widened(listed.Was.IPAllowlist, listed.IPAllowlist) {
			severity = Medium
		}
		r.suggest(severity, ruleAllowlistChanged, subject,
			"The credential's IP allow-list was changed at Paxos in the last 7 days", ask, undo,
			when, "before="+strings.Join(listed.Was.IPAllowlist, ", "), "now="+strings.Join(listed.IPAllowlist, ", "))
	}
	if name == "" && listed.Was.Signing && !listed.Signing {
		severity := Medium
		if worst(listed.Scopes) >= catalog.MovesMoney {
			severity = High
		}
		r.suggest(severity, ruleSigningStopped, subject,
			"Request signing was enforced for the credential, and no longer is", ask, undo, when)
	}
}

// ShownCredentials is Paxos's list as reports answer it, with what the mount calls each client.
func (r *Review) ShownCredentials() []any {
	shown := make([]any, 0, len(r.List.Credentials))
	for _, listed := range r.List.Credentials {
		name, _ := r.known(listed.ClientID)
		shown = append(shown, listed.shown(name))
	}
	return shown
}
