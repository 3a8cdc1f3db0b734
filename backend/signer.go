package backend

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/store"
)

// A signer says what one application may have signed. Everything that is empty allows nothing.
type signer struct {
	store.Versioned
	ID                  string            `json:"id"` // random: a signer that is deleted and created again is another one
	Key                 string            `json:"key"`
	Operations          []string          `json:"operations"`
	Sources             []string          `json:"sources"`
	Destinations        []string          `json:"destinations"`
	EndUsers            []string          `json:"end_users"`
	Limits              payment.Limits    `json:"limits"`
	DailyLimits         payment.Limits    `json:"daily_limits"`
	UnlimitedOperations []string          `json:"unlimited_operations"`
	ExtraFields         []string          `json:"extra_fields"`
	Disabled            bool              `json:"disabled"`
	Metadata            map[string]string `json:"metadata"`
	CreatedAt           time.Time         `json:"created_at"`
}

// newSigner is a signer before the first write.
func newSigner(now time.Time) signer {
	return signer{Versioned: store.Current, ID: rand.Text(), CreatedAt: now.UTC()}
}

// policy is what the signer allows in one request.
func (s signer) policy() payment.Policy {
	return payment.Policy{Operations: s.Operations, Sources: s.Sources, Destinations: s.Destinations,
		EndUsers: s.EndUsers, Limits: s.Limits, UnlimitedOperations: s.UnlimitedOperations, ExtraFields: s.ExtraFields}
}

// change applies the parameters of a request and judges the whole. A map is replaced whole.
func (s *signer) change(d *framework.FieldData) error {
	input.Patch(d, "key", &s.Key)
	input.Patch(d, "operations", &s.Operations)
	input.Patch(d, "sources", &s.Sources)
	input.Patch(d, "destinations", &s.Destinations)
	input.Patch(d, "end_users", &s.EndUsers)
	input.Patch(d, "unlimited_operations", &s.UnlimitedOperations)
	input.Patch(d, "extra_fields", &s.ExtraFields)
	input.Patch(d, "disabled", &s.Disabled)
	input.Patch(d, "metadata", &s.Metadata)
	err := errors.Join(patchLimits(d, "limits", &s.Limits), patchLimits(d, "daily_limits", &s.DailyLimits))
	if err == nil {
		err = s.policy().Validate()
	}
	switch {
	case err != nil:
		return fault.Invalid(err)
	case !input.ValidName(s.Key):
		return fault.BadRequest("key must be the name of a key under keys/.")
	}
	for _, asset := range slices.Sorted(maps.Keys(s.DailyLimits)) {
		if _, ok := s.Limits[asset]; !ok {
			return fault.BadRequest("daily_limits.%s needs an entry for %s in limits too. A write replaces a map as a "+
				"whole: name all its assets.", asset, asset)
		}
	}
	return fault.Invalid(input.CheckMetadata(s.Metadata))
}

// patchLimits replaces limits if the request carries the parameter.
func patchLimits(d *framework.FieldData, parameter string, limits *payment.Limits) error {
	written, given := input.Given[map[string]string](d, parameter)
	if !given {
		return nil
	}
	values := map[string]any{}
	for asset, value := range written {
		values[asset] = value
	}
	parsed, err := payment.ParseLimits(parameter, values)
	if err == nil {
		*limits = parsed
	}
	return err
}

// shownLimits is how answers hold limits.
func shownLimits(limits payment.Limits) map[string]string {
	shown := map[string]string{}
	for asset, limit := range limits {
		shown[asset] = limit.String()
	}
	return shown
}

// dangers names the options in force that weaken something, each as "option: why".
func (s signer) dangers() []string {
	dangers := []string{}
	for _, list := range []struct {
		option string
		values []string
		why    string
	}{
		{"sources=*", s.Sources, "money of every profile may be paid"},
		{"destinations=*", s.Destinations, "money may be paid to anybody"},
		{"end_users=*", s.EndUsers, "money of every end user may be paid"},
	} {
		if slices.Contains(list.values, payment.Any) {
			dangers = append(dangers, list.option+": "+list.why)
		}
	}
	if len(s.UnlimitedOperations) > 0 {
		dangers = append(dangers, "unlimited_operations: these operations are signed whatever amount they move")
	}
	if len(s.ExtraFields) > 0 {
		dangers = append(dangers, "extra_fields: it is not known what these fields of a body do")
	}
	return dangers
}

// loadSigner reads the signer of that name from storage.
func loadSigner(ctx context.Context, s logical.Storage, name string) (signer, error) {
	return store.Load[signer](ctx, s, signersPrefix+name)
}

// signerOfKey names a signer that uses a key, or one that cannot be read and may use it; empty if there
// is none.
func signerOfKey(ctx context.Context, s logical.Storage, key string) (found string, err error) {
	err = store.Each(ctx, s, signersPrefix, func(name string, other signer) error {
		if other.Key == key {
			found = name
		}
		return nil
	}, func(name string) error {
		found = name
		return nil
	})
	return found, err
}

// dailyLimited reports whether the mount counts payments: whether a signer or the guardrails have a
// daily limit. An entry that cannot be read may have one.
func dailyLimited(ctx context.Context, s logical.Storage) (limited bool, err error) {
	g, err := storedGuardrails(ctx, s)
	if err != nil || len(g.SignDailyLimits) > 0 {
		return true, err
	}
	err = store.Each(ctx, s, signersPrefix, func(_ string, by signer) error {
		limited = limited || len(by.DailyLimits) > 0
		return nil
	}, func(string) error {
		limited = true
		return nil
	})
	return limited, err
}
