package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// basis is what the acceptance of a finding on the signer depends on: which signer it is, and all that
// it allows. It is a hash, because the lists may be long.
func (s Signer) basis() string {
	allowed := fmt.Sprintf("%q", []any{s.Identity, s.Key, s.Operations, s.Sources, s.Destinations, s.EndUsers, s.Limits,
		s.DailyLimits, s.UnlimitedOperations, s.ExtraFields})
	sum := sha256.Sum256([]byte(allowed))
	return hex.EncodeToString(sum[:])
}

// signer reviews one signer.
func (p *Privileges) signer(s Signer) {
	p.basis = s.basis()
	defer func() { p.basis = "" }()
	path := signersPrefix + s.Name
	if s.Disabled {
		p.suggest(Info, ruleSignerDisabled, path, "The signer is disabled, so it signs nothing",
			"# ask the signer's owner whether it is still needed", command("delete", p.Mount+path))
		return
	}
	switch k, ok := p.by.key[s.Key]; {
	case !ok && slices.Contains(p.UnreadableKeys, s.Key): // the finding on the key says what to do
	case !ok:
		p.add(Medium, ruleSignerKeyless, path, "The key of the signer does not exist, so the signer signs nothing",
			"# create the key, for the client whose tokens the application uses\n"+
				command("write", p.Mount+keysPrefix+s.Key, "client=<client>"), "key="+s.Key)
	case len(p.grants.users(s, k.Client)) == 0:
		p.suggest(Low, ruleSignerUnused, path,
			"No role of this mount issues tokens that work with this signer: no role has the same client and allows one "+
				"of the signer's operations",
			"# ask the signer's owner which role the application reads; key and role must have the same client",
			p.patch(path, "disabled=true"), "key="+s.Key, "client="+k.Client)
	}
	p.signerDays(s)
	p.dangers(path, s.Dangers, map[string][]string{"unlimited_operations": s.UnlimitedOperations,
		"extra_fields": s.ExtraFields})
}

// signerDays finds assets of which a signer may sign any number of payments.
func (p *Privileges) signerDays(s Signer) {
	severity := Low
	if len(p.Guardrails.SignDailyLimits) > 0 { // they bound the day, or refuse the asset
		severity = Info
	}
	var assets, settings []string
	for _, asset := range slices.Sorted(maps.Keys(s.Limits)) {
		daily, ok := s.DailyLimits[asset]
		if !ok {
			assets, daily = append(assets, asset), "<amount>"
		}
		settings = append(settings, "daily_limits="+asset+"="+daily) // a write replaces the whole map
	}
	if len(assets) == 0 {
		return
	}
	path := signersPrefix + s.Name
	p.suggest(severity, ruleSignerDaily, path,
		"The signer has no daily limit for these assets: one payment is limited, the number of payments is not",
		"# ask the signer's owner how much the application needs in 24 hours", p.patch(path, settings...), assets...)
}

// signLimits finds that nothing bounds all signers together.
func (p *Privileges) signLimits() {
	if !slices.ContainsFunc(p.Signers, func(s Signer) bool { return !s.Disabled && len(s.Limits) > 0 }) {
		return
	}
	var unset, settings []string
	for _, limits := range []struct {
		name   string
		values map[string]string
	}{{"sign_limits", p.Guardrails.SignLimits}, {"sign_daily_limits", p.Guardrails.SignDailyLimits}} {
		if len(limits.values) == 0 {
			unset, settings = append(unset, limits.name), append(settings, limits.name+"=<asset>=<amount>")
		}
	}
	if len(unset) == 0 {
		return
	}
	p.suggest(Info, ruleSignUnbounded, guardrailsPath,
		"The guardrails do not limit signatures: anyone who can write a signer decides how much it may pay",
		"# decide with the treasury how much may be paid through this mount",
		"# name every asset that signers pay: an asset that is left out is then refused\n"+
			p.patch(guardrailsPath, settings...), unset...)
}

// ShownSigners are all signers, as reports answer them, each with the roles whose tokens its signatures
// go with.
func (p *Privileges) ShownSigners() []any {
	shown := make([]any, 0, len(p.Signers))
	for _, s := range p.Signers {
		k := p.by.key[s.Key]
		state := p.clientEnforcement(k.Client)
		metadata := map[string]any{}
		for name, value := range s.Metadata {
			metadata[name] = value
		}
		used := s.DailyUsage
		if used == nil {
			used = map[string]any{}
		}
		shown = append(shown, map[string]any{
			"name": s.Name, "key": s.Key, "client": k.Client, "client_id": k.ClientID, "kid": k.KeyID,
			"roles":      append([]string{}, p.grants.users(s, k.Client)...),
			"operations": append([]string{}, s.Operations...), "sources": append([]string{}, s.Sources...),
			"destinations": append([]string{}, s.Destinations...), "end_users": append([]string{}, s.EndUsers...),
			"limits": amounts(s.Limits), "daily_limits": amounts(s.DailyLimits),
			"daily_usage":          used,
			"unlimited_operations": append([]string{}, s.UnlimitedOperations...),
			"extra_fields":         append([]string{}, s.ExtraFields...),
			"dangerous_options":    append([]string{}, s.Dangers...), "disabled": s.Disabled, "metadata": metadata,
			"created_at": timestamp(s.CreatedAt), "signing": state.State, "signing_seen_at": timestamp(state.At),
			"signing_evidence": state.Evidence,
		})
	}
	return shown
}

// amounts are limits as reports answer them.
func amounts(limits map[string]string) map[string]any {
	shown := map[string]any{}
	for asset, amount := range limits {
		shown[asset] = amount
	}
	return shown
}

// ShownLimits are the limits of the guardrails for signatures, as reports answer them.
func (r *Review) ShownLimits() (one, day map[string]any) {
	return amounts(r.Guardrails.SignLimits), amounts(r.Guardrails.SignDailyLimits)
}
