package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

// mostRoles is how many roles are read one by one at most. The reports cover all roles.
const mostRoles = 1000

// A mount is what was read from a mount of the engine.
type mount struct {
	Vault       string       `json:"vault"`
	Mount       string       `json:"mount"`
	ComparedAt  string       `json:"compared_at"`
	MayList     string       `json:"may_list"`
	Findings    []finding    `json:"findings"` // of both reports, the worst first
	Accepted    []accepted   `json:"accepted"` // of both reports, those with an exception
	Scopes      []scope      `json:"scopes"`
	Clients     []client     `json:"clients"`
	Credentials []credential `json:"credentials"`
	Roles       []role       `json:"roles"`
	Signers     []signer     `json:"signers"`
	Payers      []payer      `json:"payers"` // roles whose tokens can pay
	// SignLimits and SignDailyLimits are those of the guardrails, by asset.
	SignLimits      map[string]string `json:"sign_limits"`
	SignDailyLimits map[string]string `json:"sign_daily_limits"`

	Notes []string `json:"notes"` // what could not be read, and warnings of Vault
}

// The parts of the answers of the engine that the report shows.
type (
	finding struct {
		Severity   string   `json:"severity"`
		Rule       string   `json:"rule"`
		Subject    string   `json:"subject"`
		Reason     string   `json:"reason"`
		Evidence   []string `json:"evidence"`
		Fix        string   `json:"fix"`
		Suggestion string   `json:"suggestion"` // a fix that removes something which somebody may use
		Note       string   `json:"note"`       // why an exception for it does not apply
	}
	accepted struct {
		finding
		Exception      string `json:"exception"`
		AcceptedReason string `json:"accepted_reason"`
		AcceptedBy     string `json:"accepted_by"`
		AcceptedAt     string `json:"accepted_at"`
		ExpiresAt      string `json:"expires_at"`
	}
	scope struct {
		Scope      string   `json:"scope"`
		Risk       string   `json:"risk"`
		Catalogued bool     `json:"catalogued"`
		Roles      []string `json:"roles"`
	}
	client struct {
		Name           string   `json:"name"`
		ClientID       string   `json:"client_id"`
		Scopes         []string `json:"scopes"`
		ScopesKnown    bool     `json:"scopes_known"`
		Risk           string   `json:"risk"`
		SecretSetAt    string   `json:"secret_set_at"`
		SecretVerified bool     `json:"secret_verified"`
		LastIssuedAt   string   `json:"last_issued_at"`
	}
	credential struct {
		ClientID    string   `json:"client_id"`
		KnownAs     string   `json:"known_as"`
		Label       string   `json:"label"`
		Status      string   `json:"status"`
		Risk        string   `json:"risk"`
		Scopes      []string `json:"scopes"`
		IPAllowlist []string `json:"ip_allowlist"`
		Signing     bool     `json:"enforce_request_signing"`
		CreatedAt   string   `json:"created_at"`
		ChangedAt   string   `json:"changed_at"`
	}
	signer struct {
		Name                string            `json:"name"`
		Key                 string            `json:"key"`
		Client              string            `json:"client"`
		ClientID            string            `json:"client_id"`
		KeyID               string            `json:"kid"`
		Roles               []string          `json:"roles"` // whose tokens open one of its operations
		Operations          []string          `json:"operations"`
		Sources             []string          `json:"sources"`
		Destinations        []string          `json:"destinations"`
		EndUsers            []string          `json:"end_users"`
		Limits              map[string]string `json:"limits"`
		DailyLimits         map[string]string `json:"daily_limits"`
		DailyUsage          map[string]spent  `json:"daily_usage"`
		UnlimitedOperations []string          `json:"unlimited_operations"`
		ExtraFields         []string          `json:"extra_fields"`
		Dangers             []string          `json:"dangerous_options"`
		Disabled            bool              `json:"disabled"`
		Metadata            map[string]string `json:"metadata"`
		CreatedAt           string            `json:"created_at"`
		enforcement
	}
	// An enforcement says whether Paxos refuses the unsigned requests of a client.
	enforcement struct {
		Signing  string `json:"signing"`
		SeenAt   string `json:"signing_seen_at"`
		Evidence string `json:"signing_evidence"`
	}
	spent struct {
		Limit  string `json:"limit"`
		Used   string `json:"used"`
		Left   string `json:"left"`
		NextAt string `json:"next_at"`
	}
	payer struct {
		Role         string   `json:"role"`
		Client       string   `json:"client"`
		LeasesClient bool     `json:"leases_client"`
		Operations   []string `json:"operations"`
		Signers      []string `json:"signers"`
		enforcement
	}
	role struct {
		Name         string   `json:"name"`
		Disabled     bool     `json:"disabled"`
		LiveTokens   int      `json:"live_tokens"`
		LiveLeases   int      `json:"live_leases"`
		LastIssuedAt string   `json:"last_issued_at"`
		Dangers      []string `json:"dangerous_options"`
	}
)

// readMount reads both reports and the roles of a mount. What Vault's policies deny to the token is
// left out and noted, except the least-privilege report, which is required.
func readMount(ctx context.Context, vault *api.Client, wanted settings) (*mount, error) {
	m := &mount{Vault: vault.Address(), Mount: wanted.mount}
	query := map[string][]string{}
	if wanted.refresh {
		query["refresh"] = []string{"true"}
	}
	if err := m.read(ctx, vault, "report/least-privilege", query, m); err != nil {
		return nil, err
	}
	drift := mount{}
	if err := m.read(ctx, vault, "report/drift", nil, &drift); err != nil {
		if !denied(err) {
			return nil, err
		}
		m.Notes = append(m.Notes, "Your Vault token is not allowed to read report/drift, so the credentials at Paxos "+
			"are not shown.")
	}
	m.MayList, m.Credentials = drift.MayList, drift.Credentials
	m.Findings = merged(m.Findings, drift.Findings, func(f finding) finding { return f })
	m.Accepted = merged(m.Accepted, drift.Accepted, func(a accepted) finding { return a.finding })
	return m, m.readRoles(ctx, vault)
}

// merged returns the findings of two reports, the worst first. A finding that both have stands once.
func merged[T any](some, more []T, of func(T) finding) []T {
	compare := func(a, z T) int {
		one, other := of(a), of(z)
		return cmp.Or(cmp.Compare(slices.Index(severities, one.Severity), slices.Index(severities, other.Severity)),
			strings.Compare(one.Rule, other.Rule), strings.Compare(one.Subject,
				other.Subject), slices.Compare(one.Evidence, other.Evidence))
	}
	all := append(append([]T{}, some...), more...) // an empty list, and not null, where there is none
	slices.SortStableFunc(all, compare)
	return slices.CompactFunc(all, func(a, z T) bool { return compare(a, z) == 0 })
}

// readRoles reads the live tokens and leases of every role, as far as the token may read them.
func (m *mount) readRoles(ctx context.Context, vault *api.Client) error {
	var names struct{ Keys []string }
	err := m.read(ctx, vault, "roles", map[string][]string{"list": {"true"}}, &names)
	switch {
	case denied(err):
		m.Notes = append(m.Notes, "Your Vault token is not allowed to list roles/, so the active tokens by role are "+
			"not shown.")
		return nil
	case errors.Is(err, errNothing): // the mount has no roles
		return nil
	case err != nil:
		return err
	}
	if len(names.Keys) > mostRoles {
		m.Notes = append(m.Notes, fmt.Sprintf("This mount has %d roles. The active tokens of the first %d are shown.",
			len(names.Keys), mostRoles))
		names.Keys = names.Keys[:mostRoles]
	}
	for _, name := range names.Keys {
		one := role{Name: name}
		switch err := m.read(ctx, vault, "roles/"+name, nil, &one); {
		case errors.Is(err, errNothing): // it was deleted meanwhile
		case denied(err):
			m.Notes = append(m.Notes, "Your Vault token is not allowed to read every role, so the active tokens by "+
				"role are incomplete.")
			return nil
		case err != nil:
			return err
		default:
			m.Roles = append(m.Roles, one)
		}
	}
	return nil
}

// errNothing reports that Vault has nothing at a path.
var errNothing = errors.New("nothing is there; check -mount, and that the plugin is as recent as paxos-report")

// read reads a path of the mount into a value, and notes the warnings of Vault.
func (m *mount) read(ctx context.Context, vault *api.Client, path string, query map[string][]string, into any) error {
	path = m.Mount + "/" + path
	secret, err := vault.Logical().ReadWithDataWithContext(ctx, path, query)
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", path, err)
	case secret == nil || secret.Data == nil:
		return fmt.Errorf("reading %s: %w", path, errNothing)
	}
	for _, warning := range secret.Warnings {
		m.Notes = append(m.Notes, "Vault says: "+warning)
	}
	data := secret.Data
	delete(data, "roles") // a number in the least-privilege report; the roles are read one by one
	text, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("reading %s: the answer does not have the form that this version of paxos-report expects: %w",
			path, err)
	}
	return nil
}

// denied reports whether an error says that Vault's policies deny a read.
func denied(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusForbidden
}

// writeJSON writes the report as JSON.
func (m *mount) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(m)
}
