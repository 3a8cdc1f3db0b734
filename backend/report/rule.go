package report

import "slices"

// A Rule is the name of a kind of finding. People count findings and accept them by it, so it is
// part of the API and never changes.
type Rule string

// The rules of both reports. Every finding has one of them.
const (
	ruleListingRefused  Rule = "listing-refused"
	ruleNeverCompared   Rule = "never-compared"
	ruleListTooLong     Rule = "list-too-long"
	ruleEgressUnknown   Rule = "egress-unknown"
	ruleExceptionEnded  Rule = "exception-expired"
	ruleDangerousOption Rule = "dangerous-option"

	ruleSecretOld        Rule = "secret-old"
	ruleSecretUnverified Rule = "secret-unverified"
	ruleClientMissing    Rule = "client-missing"
	ruleClientDisabled   Rule = "client-disabled"
	ruleRootShared       Rule = "root-shared"
	ruleNoAllowlist      Rule = "no-allowlist"
	ruleAllowlistShort   Rule = "allowlist-short"
	ruleSigningOff       Rule = "signing-not-enforced"
	ruleSigningUnproved  Rule = "signing-not-proved"
	ruleSigningStopped   Rule = "signing-switched-off"
	ruleScopesUnused     Rule = "scopes-unused"
	ruleScopesDisabled   Rule = "scopes-of-disabled-roles"
	ruleMoneyShared      Rule = "money-shared"
	ruleWithoutPurpose   Rule = "client-without-purpose"
	ruleEntityUnknown    Rule = "entity-unknown"
	ruleOtherPurpose     Rule = "client-of-another-purpose"
	ruleUnreadable       Rule = "entry-unreadable"

	ruleClientUnknown       Rule = "client-unknown"
	ruleClientReplaced      Rule = "client-replaced"
	ruleCredentialOld       Rule = "credential-old"
	ruleCredentialsDisabled Rule = "credentials-disabled"
	ruleLabelDeletable      Rule = "label-deletable"
	rulePublicKeys          Rule = "public-keys"
	ruleScopesChanged       Rule = "scopes-changed"
	ruleAllowlistChanged    Rule = "allowlist-changed"

	ruleBeyondGuardrails   Rule = "beyond-guardrails"
	ruleLeasesBeyond       Rule = "leases-beyond-guardrails"
	ruleScopesLacking      Rule = "scopes-lacking"
	ruleScopesUncatalogued Rule = "scopes-uncatalogued"
	ruleMovesMoney         Rule = "moves-money"
	ruleAdministers        Rule = "administers"
	ruleLeasesMoney        Rule = "leases-money"
	ruleRoleUnused         Rule = "role-unused"
	ruleUniqueBeyondBudget Rule = "unique-tokens-beyond-budget"

	ruleBeyondSigners   Rule = "role-beyond-signers"
	ruleKeyUnregistered Rule = "key-not-registered"
	ruleKeyWaiting      Rule = "key-version-waiting"
	ruleSignerKeyless   Rule = "signer-without-key"
	ruleSignerUnused    Rule = "signer-without-role"
	ruleSignerDisabled  Rule = "signer-disabled"
	ruleSignerDaily     Rule = "signer-without-daily-limit"
	ruleSignUnbounded   Rule = "sign-limits-not-set"
)

// AcceptableRules are the rules whose findings may be accepted, in the order of their names: all but
// exception-expired.
func AcceptableRules() []string {
	all := []Rule{
		ruleListingRefused, ruleNeverCompared, ruleListTooLong, ruleEgressUnknown, ruleDangerousOption,
		ruleSecretOld, ruleSecretUnverified, ruleClientMissing, ruleClientDisabled, ruleRootShared, ruleNoAllowlist,
		ruleAllowlistShort,
		ruleSigningOff, ruleSigningUnproved, ruleSigningStopped, ruleScopesUnused, ruleScopesDisabled, ruleMoneyShared,
		ruleWithoutPurpose, ruleEntityUnknown, ruleOtherPurpose, ruleUnreadable,
		ruleClientUnknown, ruleClientReplaced, ruleCredentialOld, ruleCredentialsDisabled, ruleLabelDeletable,
		rulePublicKeys,
		ruleScopesChanged, ruleAllowlistChanged,
		ruleBeyondGuardrails, ruleLeasesBeyond, ruleScopesLacking, ruleScopesUncatalogued, ruleMovesMoney,
		ruleAdministers,
		ruleLeasesMoney, ruleRoleUnused, ruleUniqueBeyondBudget,
		ruleBeyondSigners, ruleKeyUnregistered, ruleKeyWaiting, ruleSignerKeyless, ruleSignerUnused,
		ruleSignerDisabled, ruleSignerDaily, ruleSignUnbounded,
	}
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = string(r)
	}
	slices.Sort(names)
	return names
}
