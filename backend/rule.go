package backend

import "slices"

// A rule names a kind of finding, for those who count findings or accept them. Names are
// part of the API: they are never changed.
type rule string

// The rules of both reports. Every finding is of one of these.
const (
	ruleListingRefused  rule = "listing-refused"
	ruleNeverCompared   rule = "never-compared"
	ruleListTooLong     rule = "list-too-long"
	ruleEgressUnknown   rule = "egress-unknown"
	ruleExceptionEnded  rule = "exception-expired"
	ruleDangerousOption rule = "dangerous-option"

	ruleSecretOld        rule = "secret-old"
	ruleSecretUnverified rule = "secret-unverified"
	ruleClientMissing    rule = "client-missing"
	ruleClientDisabled   rule = "client-disabled"
	ruleRootShared       rule = "root-shared"
	ruleNoAllowlist      rule = "no-allowlist"
	ruleAllowlistShort   rule = "allowlist-short"
	ruleSigningOff       rule = "signing-not-enforced"
	ruleSigningStopped   rule = "signing-switched-off"
	ruleScopesUnused     rule = "scopes-unused"
	ruleScopesDisabled   rule = "scopes-of-disabled-roles"
	ruleMoneyShared      rule = "money-shared"
	ruleWithoutPurpose   rule = "client-without-purpose"
	ruleEntityUnknown    rule = "entity-unknown"
	ruleOtherPurpose     rule = "client-of-another-purpose"
	ruleUnreadable       rule = "entry-unreadable"

	ruleClientUnknown       rule = "client-unknown"
	ruleClientReplaced      rule = "client-replaced"
	ruleCredentialOld       rule = "credential-old"
	ruleCredentialsDisabled rule = "credentials-disabled"
	ruleLabelDeletable      rule = "label-deletable"
	rulePublicKeys          rule = "public-keys"
	ruleScopesChanged       rule = "scopes-changed"
	ruleAllowlistChanged    rule = "allowlist-changed"

	ruleBeyondGuardrails   rule = "beyond-guardrails"
	ruleLeasesBeyond       rule = "leases-beyond-guardrails"
	ruleScopesLacking      rule = "scopes-lacking"
	ruleScopesUncatalogued rule = "scopes-uncatalogued"
	ruleMovesMoney         rule = "moves-money"
	ruleAdministers        rule = "administers"
	ruleLeasesMoney        rule = "leases-money"
	ruleRoleUnused         rule = "role-unused"
	ruleUniqueBeyondBudget rule = "unique-tokens-beyond-budget"
)

// acceptable are the rules whose findings may be accepted: all but that on acceptance
// itself.
func acceptable() []string {
	all := []rule{
		ruleListingRefused, ruleNeverCompared, ruleListTooLong, ruleEgressUnknown, ruleDangerousOption,
		ruleSecretOld, ruleSecretUnverified, ruleClientMissing, ruleClientDisabled, ruleRootShared, ruleNoAllowlist,
		ruleAllowlistShort,
		ruleSigningOff, ruleSigningStopped, ruleScopesUnused, ruleScopesDisabled, ruleMoneyShared,
		ruleWithoutPurpose, ruleEntityUnknown, ruleOtherPurpose, ruleUnreadable,
		ruleClientUnknown, ruleClientReplaced, ruleCredentialOld, ruleCredentialsDisabled, ruleLabelDeletable,
		rulePublicKeys,
		ruleScopesChanged, ruleAllowlistChanged,
		ruleBeyondGuardrails, ruleLeasesBeyond, ruleScopesLacking, ruleScopesUncatalogued, ruleMovesMoney,
		ruleAdministers,
		ruleLeasesMoney, ruleRoleUnused, ruleUniqueBeyondBudget,
	}
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = string(r)
	}
	slices.Sort(names)
	return names
}
