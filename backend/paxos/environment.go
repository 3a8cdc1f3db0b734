package paxos

// Endpoints are the three addresses of one Paxos environment, as https URLs without a slash at the
// end.
type Endpoints struct {
	TokenURL  string // the token endpoint (RFC 6749, section 3.2)
	RevokeURL string // the revocation endpoint (RFC 7009, section 2)
	APIURL    string // the base of the API with its version, such as https://api.paxos.com/v2
}

// The two environments that Paxos documents (https://docs.paxos.com/guides/developer/authenticate).
// They are separate: neither knows the clients of the other. The guide does not name the revocation
// endpoint. It comes from the OpenID discovery document of production, and that of the sandbox is
// inferred from it.
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

// canonical returns the endpoints in the spelling of CanonicalURL.
func (e Endpoints) canonical() Endpoints {
	return Endpoints{TokenURL: CanonicalURL(e.TokenURL), RevokeURL: CanonicalURL(e.RevokeURL),
		APIURL: CanonicalURL(e.APIURL)}
}
