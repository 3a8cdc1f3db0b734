package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
)

// readMount reads both reports, and then all other parts. The least-privilege report is required. If
// findings decide the exit code, the drift report is required too. Any other part that Vault does not
// answer is a gap.
func readMount(ctx context.Context, vault *api.Client, wanted settings) (*mount, error) {
	m := &mount{Vault: withoutLogin(vault.Address()), Namespace: vault.Namespace(), Mount: wanted.mount,
		Roles: []role{}, Exceptions: []exception{}, Gaps: []gap{}, Notes: []string{}}
	r := &reader{ctx: ctx, vault: vault, mount: m}
	if err := r.readReports(wanted); err != nil {
		return nil, err
	}
	for _, read := range []func() error{
		func() error { return optional(r, statusPart, &m.Status) },
		func() error { return optional(r, lockdownPart, &m.Lockdown) },
		func() error { return optional(r, guardrailsPart, &m.Guards) },
		r.readRoles, r.readStoredClients, r.readExceptions,
	} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// readReports reads both reports, after a comparison with Paxos if that is wanted.
func (r *reader) readReports(wanted settings) error {
	m := r.mount
	if err := r.readPrivilege(wanted.refresh); err != nil {
		return err
	}
	drift := mount{}
	err := r.read(driftPart.path, nil, &drift)
	if err != nil && wanted.failOn != "" {
		return driftPart.needed(m.Mount, err, "-fail-on needs all findings")
	}
	if err = r.orGap(driftPart, err); err != nil {
		return err
	}
	m.MayList, m.Credentials, m.LeftOut = drift.MayList, drift.Credentials, drift.LeftOut
	m.Findings = merged(m.Findings, drift.Findings, func(f finding) finding { return f })
	m.Accepted = merged(m.Accepted, drift.Accepted, func(a accepted) finding { return a.finding })
	return nil
}

// readPrivilege reads the least-privilege report. If a comparison with Paxos is refused, it reads the
// report of the last one, and notes why. The refused request is not repeated, because the second answer
// would only say that the first was less than a minute ago.
func (r *reader) readPrivilege(refresh bool) error {
	if refresh {
		retries := r.vault.MaxRetries()
		r.vault.SetMaxRetries(0)
		err := r.read(privilegePart.path, map[string][]string{"refresh": {"true"}}, r.mount)
		r.vault.SetMaxRetries(retries)
		if err == nil || r.ctx.Err() != nil {
			return err
		}
		r.mount.RefreshRefused = words(err)
	}
	if err := r.read(privilegePart.path, nil, r.mount); err != nil {
		return privilegePart.needed(r.mount.Mount, err, "it is the report itself")
	}
	return nil
}

// merged returns the findings of two reports, the worst first. A finding that both have stands once.
func merged[T any](some, more []T, of func(T) finding) []T {
	compare := func(a, z T) int {
		one, other := of(a), of(z)
		return cmp.Or(
			cmp.Compare(slices.Index(severities, one.Severity), slices.Index(severities, other.Severity)),
			strings.Compare(one.Rule, other.Rule),
			strings.Compare(one.Subject, other.Subject),
			slices.Compare(one.Evidence, other.Evidence))
	}
	all := append(append([]T{}, some...), more...) // an empty list, and not null, where there is none
	slices.SortStableFunc(all, compare)
	return slices.CompactFunc(all, func(a, z T) bool { return compare(a, z) == 0 })
}

// mostEntries is how many roles and exceptions are read one by one at most. The reports cover all.
const mostEntries = 1000

// readRoles reads who owns each role, and how much of it is in use.
func (r *reader) readRoles() error {
	return r.readEach(rolesPart, func(name string) error {
		one := role{Name: name}
		err := r.read("roles/"+name, nil, &one)
		if err == nil {
			r.mount.Roles = append(r.mount.Roles, one)
		}
		return err
	})
}

// readStoredClients reads the purpose, the state and the holder of each client that the report names.
func (r *reader) readStoredClients() error {
	refused := 0
	for i := range r.mount.Clients {
		one := &r.mount.Clients[i]
		if !strings.HasPrefix(one.Name, "clients/") {
			continue
		}
		entry := &stored{}
		err := r.read(one.Name, nil, entry)
		if err == nil {
			one.Stored = entry
			continue
		}
		if !answered(err) {
			return err
		}
		if refused++; refused == 1 {
			r.gap(clientsPart, err)
		}
	}
	return nil
}

// readExceptions reads all exceptions, also those that accept no finding now.
func (r *reader) readExceptions() error {
	return r.readEach(exceptionsPart, func(name string) error {
		one := exception{Name: name}
		err := r.read("exceptions/"+name, nil, &one)
		if err == nil {
			r.mount.Exceptions = append(r.mount.Exceptions, one)
		}
		return err
	})
}

// readEach lists the entries of a part and reads each. What the policies deny is left out, and is one gap.
func (r *reader) readEach(p part, read func(name string) error) error {
	var names struct{ Keys []string }
	path := strings.TrimSuffix(p.path, "/*")
	if err := r.read(path, map[string][]string{"list": {"true"}}, &names); err != nil {
		if isNothing(err) { // there are no entries
			return nil
		}
		return r.orGap(p, err)
	}
	if len(names.Keys) > mostEntries {
		r.mount.Notes = append(r.mount.Notes, fmt.Sprintf("This mount has %d %s. The first %d are shown one by one.",
			len(names.Keys), path, mostEntries))
		names.Keys = names.Keys[:mostEntries]
	}
	refused := 0
	for _, name := range names.Keys {
		err := read(name)
		switch {
		case err == nil, isNothing(err): // it was deleted meanwhile
		case !answered(err):
			return err
		default:
			if refused++; refused == 1 {
				r.gap(p, err)
			}
		}
	}
	return nil
}

// writeJSON writes the report as JSON.
func (m *mount) writeJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(m)
}
