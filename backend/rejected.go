package backend

import (
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"

	"vault-plugin-secrets-paxos/backend/broker"
)

// rejectedField is the parameter by which an application says that Paxos answered 401 to a token.
const rejectedField = "rejected_token_id"

// rejectedTokenID is what the reader says of a token, empty if it says nothing. Nothing of the
// value is repeated: somebody may have put the token itself there.
func rejectedTokenID(d *framework.FieldData, r role, name string) (string, error) {
	if _, ok := d.Raw[rejectedField]; !ok {
		return "", nil
	}
	id, _ := given[string](d, rejectedField)
	const again = "read creds/%s again without it"
	switch {
	case r.CredentialType != accessToken:
		return "", badRequest("%s is for access tokens, and role %q leases clients: "+again, rejectedField, name, name)
	case r.UniqueTokens:
		return "", badRequest("%s is for tokens that readers share, and role %q gives each reader its own: "+again,
			rejectedField, name, name)
	case !tokenIDGrammar.MatchString(id):
		return "", badRequest("%s must be the token_id that came with the token: "+
			"32 hexadecimal digits in lower case, not the token itself", rejectedField)
	}
	return id, nil
}

// doubtWarning tells the reader why the token that it got may be one that Paxos rejects.
func doubtWarning(issued broker.Issued) string {
	token, doubt := "the token with token_id "+issued.Fingerprint, issued.Doubt
	switch doubt.Reason {
	case broker.Accepted:
		return fmt.Sprintf("Paxos accepted %s at %s, so it was returned again. The 401 has another cause: "+
			"check the Authorization header, the host, and whether requests must be signed.", token,
			timestamp(doubt.Asked))
	case broker.Unanswered:
		return fmt.Sprintf("It could not be checked whether Paxos accepts %s (%s). The same token was returned. Retry.",
			token, doubt.Cause)
	case broker.Unreplaced:
		return fmt.Sprintf("Paxos rejected %s before it expired, and a new token could not be requested (%s). "+
			"The rejected token was returned. Retry in a minute.", token, doubt.Cause)
	}
	return fmt.Sprintf("Paxos rejected %s and also a token that had just been requested, so the token is not "+
		"the cause. "+
		"It is not checked again before %s. Contact your Vault operators: "+
		"the client's IP allow-list or request signing may be the cause.", token, timestamp(doubt.Until))
}
