package paxos

// Endpoints are the three addresses of one Paxos environment. APIURL includes
// the version, as in https://api.paxos.com/v2.
type Endpoints struct {
	TokenURL  string
	RevokeURL string
	APIURL    string
}

// The two environments Paxos documents (docs.paxos.com/guides/developer/authenticate).
// They are fully segregated: a client of one is unknown to the other. The
// revocation endpoint is read off Paxos's OpenID discovery document; the
// sandbox's is inferred from it.
var (
	Production = Endpoints{
		TokenURL:  "https://oauth.paxos.com/oauth2/token",
		RevokeURL: "https://oauth.paxos.com/oauth2/revoke",
		APIURL:    "https://api.paxos.com/v2",
	}
	Sandbox = Endpoints{
		TokenURL:  "https://oauth.sandbox.paxos.com/oauth2/token",
		RevokeURL: "https://oauth.sandbox.paxos.com/oauth2/revoke",
		APIURL:    "https://api.sandbox.paxos.com/v2",
	}
)
