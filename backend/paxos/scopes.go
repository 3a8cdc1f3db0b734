package paxos

// The scopes that a token needs for the calls that the engine makes with it.
const (
	ProfileScope    = "funding:read_profile"             // ListProfiles
	ListScope       = "api_creds:read_credentials"       // ListCredentials and FindCredentials
	WithdrawalScope = "transfer:write_crypto_withdrawal" // AttemptWithdrawal
	DeleteScope     = "api_creds:delete_credentials"     // DeleteCredential
)
