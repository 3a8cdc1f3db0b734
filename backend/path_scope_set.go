package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

func (b *backend) pathScopeSet() *framework.Path {
	return &framework.Path{
		Pattern:         scopeSetsPrefix + spec.NamePattern + "$",
		HelpSynopsis:    "A scope set: a name for several scopes, to write roles with.",
		HelpDescription: scopeSetHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos", ItemType: "Scope Set"},
		ExistenceCheck:  spec.EntryExists,
		Fields: spec.Parameters{
			"name": spec.Name("Name of the scope set. It is case-sensitive.", "reporting"),
			"scopes": {Type: framework.TypeCommaStringSlice, Example: "funding:read_profile,transfer:read_transfer",
				Text: "The scopes of the set, as an array, or as a text with commas or spaces. Required at the first " +
					"write."},
			"description": {Type: framework.TypeString, Example: "What the monthly reports read",
				Text: "What the set is for. Not secret."},
		}.Fields(),
		Operations: spec.Operations{
			logical.ReadOperation: spec.Displayed(spec.Reading(b.readScopeSet, "Read a scope set.",
				spec.Body("The set.", scopeSetAnswer)), "read", "scope-set"),
			logical.CreateOperation: spec.Displayed(spec.OnActive(b.writeScopeSet, "Create a scope set.",
				spec.NoBody("Stored.")), "write", "scope-set"),
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.writeScopeSet,
				"Create a scope set, or change it. Parameters that are left out keep their value. No role changes.",
				spec.NoBody("Stored.")), "write", "scope-set"),
			logical.DeleteOperation: spec.Displayed(spec.OnActive(b.deleteScopeSet,
				"Delete a scope set. No role changes.", spec.NoBody("Deleted.")), "delete", "scope-set"),
		},
	}
}

// scopeSetAnswer are the fields of a scope set that is read.
var scopeSetAnswer = spec.Fields{
	"scopes":      spec.Required(framework.TypeStringSlice, "The scopes, in the order in which they were written."),
	"description": spec.Required(framework.TypeString, "What the set is for."),
	"built_in": spec.Required(framework.TypeBool,
		"Whether the set is from Paxos's documentation. Such a set cannot be changed."),
	"source":     spec.Required(framework.TypeString, "The page that documents a built-in set. Otherwise empty."),
	"operations": spec.Required(framework.TypeStringSlice, "The operations that a token with these scopes allows."),
}

// readScopeSet answers GET scope-sets/:name.
func (b *backend) readScopeSet(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	set, source, err := loadScopeSet(ctx, req.Storage, d.Get("name").(string))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // Vault answers 404
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"scopes":      set.Scopes,
		"description": set.Description,
		"built_in":    source != "",
		"source":      source,
		"operations":  identifiers(catalog.OpenedBy(set.Scopes...)),
	}}, nil
}

// writeScopeSet answers POST scope-sets/:name. Parameters left out keep their value. No role
// changes with the set, so the response names the roles that have the set as it was.
func (b *backend) writeScopeSet(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	set, err := b.storeScopeSet(ctx, req.Storage, name, d)
	if err != nil {
		return nil, err
	}
	var warnings []string
	if unknown := catalog.Uncatalogued(set.Scopes); len(unknown) > 0 {
		warnings = append(warnings, unknownScopes(unknown))
	}
	rails, err := storedGuardrails(ctx, req.Storage)
	if err != nil {
		return nil, stoppedAfter(err, "Scope set %q was stored, but it was not checked against the guardrails.", name)
	}
	if beyond := rails.forbidden(set.Scopes); beyond != "" {
		warnings = append(warnings, "No role can be written with this set: the guardrails of this mount do not allow "+
			beyond+".")
	}
	return warnOfRoles(ctx, req.Storage, name, set, "stored", warnings)
}

// storeScopeSet applies the request to the stored set, or to a new one, and stores it.
func (b *backend) storeScopeSet(ctx context.Context, s logical.Storage, name string,
	d *framework.FieldData) (scopeSet, error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	set, source, err := loadScopeSet(ctx, s, name)
	switch {
	case source != "":
		return set, errBuiltIn(name, source)
	case errors.Is(err, store.ErrNotFound):
		set = scopeSet{}
	case err != nil:
		return set, err
	}
	set.Versioned = store.Current
	if err := set.change(d); err != nil {
		return set, err
	}
	return set, store.Put(ctx, s, scopeSetsPrefix+name, set)
}

// deleteScopeSet answers DELETE scope-sets/:name.
func (b *backend) deleteScopeSet(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	if err := b.removeScopeSet(ctx, req.Storage, name); err != nil {
		return nil, err
	}
	return warnOfRoles(ctx, req.Storage, name, scopeSet{}, "deleted", nil)
}

// removeScopeSet deletes a set. It refuses to delete a built-in set.
func (b *backend) removeScopeSet(ctx context.Context, s logical.Storage, name string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	_, source, err := loadScopeSet(ctx, s, name)
	switch {
	case source != "":
		return errBuiltIn(name, source)
	case err != nil:
		return store.Ignoring(err, store.ErrNotFound)
	}
	return store.Delete(ctx, s, scopeSetsPrefix+name)
}

// errBuiltIn refuses to change or delete a built-in set. source is the page that documents the set.
func errBuiltIn(name, source string) error {
	return fault.BadRequest("Scope set %q is built in and cannot be changed or deleted. Its scopes are those "+
		"that %s names. Write a set with another name.", name, source)
}

// warnOfRoles adds a warning that names the roles whose scopes from the set differ from the scopes
// it has now. done says what the request did with the set: stored or deleted.
func warnOfRoles(ctx context.Context, s logical.Storage, name string, set scopeSet, done string,
	warnings []string) (*logical.Response, error) {
	outdated, err := rolesOfSet(ctx, s, name, set)
	if err != nil {
		return nil, stoppedAfter(err, "Scope set %q was %s, but it was not checked which roles have its earlier scopes.",
			name, done)
	}
	if len(outdated) > 0 {
		warnings = append(warnings,
			fmt.Sprintf("No role has changed. These roles keep the scopes that %s had when they were written, "+
				"until they are written again with scope_sets: %s.", name, input.Shortened(outdated)))
	}
	return spec.Warned(warnings...), nil
}

func (b *backend) pathScopeSets() *framework.Path {
	return spec.Listing{
		Pattern: scopeSetsPrefix + "?$", Item: "Scope Set", Entries: true, Suffix: "scope-sets",
		Synopsis: "List the scope sets: those from Paxos's documentation, and your own.",
		Summary:  "List the scope sets.",
		Answer: spec.Body("The names.", spec.DescribedList("For each set: built_in. For a built-in set also "+
			"description and source.")),
		List: b.listScopeSets,
	}.Path()
}

// listScopeSets answers LIST scope-sets/. It shows details only of built-in sets, because those of
// the others would cost one storage read each.
func (b *backend) listScopeSets(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	names, written, err := scopeSetNames(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	return spec.PageWith(names, d, func(name string) (map[string]any, error) {
		set, ok := catalog.LookupSet(name)
		if !ok || slices.Contains(written, name) {
			return map[string]any{"built_in": false}, nil
		}
		return map[string]any{"built_in": true, "description": set.Description, "source": set.Source}, nil
	})
}

// rolesOfSet lists the roles that name the set but hold other scopes from it than it has now. A
// role keeps the scopes that the set had when the role was written, so such a role is out of date.
func rolesOfSet(ctx context.Context, s logical.Storage, name string, set scopeSet) ([]string, error) {
	source := setSource(name)
	var outdated []string
	err := eachRole(ctx, s, func(role string, r role) {
		if !slices.Contains(r.ScopeSets, name) {
			return
		}
		var has scopeSet
		for scope, sources := range r.Sources {
			if slices.Contains(sources, source) {
				has.Scopes = append(has.Scopes, scope)
			}
		}
		if !set.same(has) {
			outdated = append(outdated, role)
		}
	})
	return outdated, err
}

const scopeSetHelp = `
A scope set is a name for several scopes. Use it to write roles:

    vault write paxos/scope-sets/reporting scopes=funding:read_profile
    vault write paxos/roles/reports scope_sets=reporting

Each use case in Paxos's documentation is a built-in set, with the page as its source.
Built-in sets cannot be changed. The documentation often asks for more scopes than an
application needs: compare with a role that is written with operations.

A set gives access to nobody. A role takes the scopes that its sets have at the time of
the write, and keeps them. When a set is changed or deleted, no role changes. A warning
names the roles that still have the old scopes. Write such a role again with scope_sets
to update it.
`
