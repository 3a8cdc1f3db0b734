package main

// severities are the severities of findings, the worst first.
var severities = []string{"high", "medium", "low", "info"}

// A mount is what was read from a mount of the engine. A part that was not read is null.
type mount struct {
	Vault     string      `json:"vault"`
	Namespace string      `json:"namespace"`
	Mount     string      `json:"mount"`
	Status    *status     `json:"status"`
	Lockdown  *lockdown   `json:"lockdown"`
	Guards    *guardrails `json:"guardrails"`

	ComparedAt  string       `json:"compared_at"`
	MayList     string       `json:"may_list"`
	Findings    []finding    `json:"findings"` // of both reports, the worst first
	Accepted    []accepted   `json:"accepted"` // of both reports, those with an exception
	Scopes      []scope      `json:"scopes"`
	Clients     []client     `json:"clients"`
	Credentials []credential `json:"credentials"`
	LeftOut     int          `json:"left_out"` // credentials that the engine did not keep
	Roles       []role       `json:"roles"`
	Signers     []signer     `json:"signers"`
	Payers      []payer      `json:"payers"` // roles whose tokens can pay
	Exceptions  []exception  `json:"exceptions"`
	// SignLimits and SignDailyLimits are those of the guardrails, by asset.
	SignLimits      map[string]string `json:"sign_limits"`
	SignDailyLimits map[string]string `json:"sign_daily_limits"`

	// RefreshRefused says why Paxos was not asked although that was wanted. Otherwise it is empty.
	RefreshRefused string   `json:"refresh_refused"`
	Gaps           []gap    `json:"not_shown"`
	Notes          []string `json:"notes"` // warnings of Vault
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
		Stored         *stored  `json:"stored"` // its entry in Vault; null for the root client, or if it was not read
	}
	// A stored is the entry of a client below clients/, with the holder of its lease.
	stored struct {
		Purpose      string            `json:"purpose"`
		State        string            `json:"state"`
		StateReason  string            `json:"state_reason"`
		Disabled     bool              `json:"disabled"`
		AllowedRoles []string          `json:"allowed_roles"`
		Metadata     map[string]string `json:"metadata"`
		HeldByRole   string            `json:"held_by_role"`
		HeldByEntity string            `json:"held_by_entity_id"`
		HeldBy       string            `json:"held_by"`
		HeldSince    string            `json:"held_since"`
		HeldUntil    string            `json:"held_until"`
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
		Name           string            `json:"name"`
		CredentialType string            `json:"credential_type"`
		Client         string            `json:"client"`  // that its tokens are requested with; empty: the root client
		Clients        []string          `json:"clients"` // that it leases
		UniqueTokens   bool              `json:"unique_tokens"`
		Disabled       bool              `json:"disabled"`
		Metadata       map[string]string `json:"metadata"` // says who owns it, if somebody wrote that
		LiveTokens     int               `json:"live_tokens"`
		LiveLeases     int               `json:"live_leases"`
		CreatedAt      string            `json:"created_at"`
		LastIssuedAt   string            `json:"last_issued_at"`
		Dangers        []string          `json:"dangerous_options"`
	}
	// A status is the state of the mount.
	status struct {
		Version          string   `json:"version"`
		Environment      string   `json:"environment"`
		Lockdown         bool     `json:"lockdown"`
		PausedSince      string   `json:"stopped_since"`
		LiveTokens       int      `json:"live_tokens"`
		EndingTokens     int      `json:"ending_tokens"`
		BannedUntil      string   `json:"banned_until"`
		CallsBannedUntil string   `json:"calls_banned_until"`
		Dangers          []string `json:"dangerous_options"`
	}
	// A lockdown says since when and why nothing is issued, and what is left of it to do.
	lockdown struct {
		Locked           bool     `json:"locked"`
		Since            string   `json:"since"`
		Reason           string   `json:"reason"`
		Pending          int      `json:"pending"`
		CannotEnd        []string `json:"cannot_end"`
		LastTokenExpires string   `json:"last_token_expires"`
	}
	guardrails struct {
		AllowedScopes     []string          `json:"allowed_scopes"` // as written; empty: the default
		ResolvedScopes    []string          `json:"resolved_scopes"`
		AllowUncatalogued bool              `json:"allow_uncatalogued_scopes"`
		AllowAdmin        bool              `json:"allow_admin_scopes"`
		AllowUnchecked    bool              `json:"allow_unchecked_clients"`
		RequireEntity     bool              `json:"require_entity_match"`
		MaxTTL            int64             `json:"max_ttl"`
		DeletablePrefix   string            `json:"deletable_label_prefix"`
		SignLimits        map[string]string `json:"sign_limits"`
		SignDailyLimits   map[string]string `json:"sign_daily_limits"`
		SignDailyUsage    map[string]spent  `json:"sign_daily_usage"`
		Dangers           []string          `json:"dangerous_options"`
	}
	// An exception is an entry below exceptions/, whether it accepts a finding now or not.
	exception struct {
		Name      string `json:"name"`
		Rule      string `json:"rule"`
		Subject   string `json:"subject"`
		Reason    string `json:"reason"`
		By        string `json:"display_name"`
		EntityID  string `json:"entity_id"`
		At        string `json:"accepted_at"`
		ExpiresAt string `json:"expires_at"`
		Expired   bool   `json:"expired"`
	}
)
