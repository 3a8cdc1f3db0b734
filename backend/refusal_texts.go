package backend

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/limits"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// sentence says what Paxos answered and what to do about it, for the person who reads it. A text
// that names a path of the mount contains mountMark, which HandleRequest replaces.
func sentence(e *paxos.Error) string {
	switch {
	case e.Throttled():
		return limits.RateLimited(limits.BanFor(e)).Error()
	case e.Waited > 0:
		return fmt.Sprintf("Paxos (%s) did not answer within %s (request_timeout). Retry later.", e.Host, e.Waited)
	case e.Malformed:
		return fmt.Sprintf("Paxos's answer to %s was not used, and nothing was changed: %s.", e.Doing, e.Reason)
	case e.Unreachable:
		return fmt.Sprintf("Could not reach Paxos at %s: %s. Operators: check network, proxy and firewall of the "+
			"active Vault node.", e.Host, e.Reason)
	case e.Status == 0:
		return fmt.Sprintf("The call to Paxos (%s) failed: %s. Retry. If it fails again, contact your Vault "+
			"operators.", e.Host, e.Reason)
	case e.Temporary():
		return fmt.Sprintf("Paxos (%s) answered HTTP %d. Retry later.", e.Host, e.Status)
	case e.Code == "invalid_client":
		return rejected(e)
	case e.Code == "invalid_scope":
		return clientLabel(e.Client) + " lacks " + scopesAtFault(e.Scopes, nil) +
			". Application owners: contact your Vault operators. Operators: add it in the Dashboard."
	case e.Signature.Certain():
		return fmt.Sprintf("Paxos (%s) refused the call of %s (HTTP %d): %s.", e.Host, clientWithID(e), e.Status,
			e.Reason)
	case e.Signature == paxos.MaybeUnsigned && e.Status == http.StatusUnauthorized:
		return fmt.Sprintf("Paxos (%s) refused the call of %s (HTTP 401). The call was not signed. Contact your Vault "+
			"operators. Operators: if request signing is enforced for this client, create a key with "+
			"`vault write -f %skeys/<name>`, register its public key in the Dashboard and store its Key ID.",
			e.Host, clientWithID(e), mountMark)
	case e.Signature == paxos.MaybeNotAccepted && e.Status == http.StatusUnauthorized:
		return fmt.Sprintf("Paxos (%s) refused the call of %s (HTTP 401). The call was signed. Contact your Vault "+
			"operators. Operators: check in the Dashboard that the key's public key is active and has this "+
			"Key ID.", e.Host, clientWithID(e))
	case e.Status == http.StatusForbidden:
		return fmt.Sprintf("Paxos (%s) refused the call of %s (HTTP 403). Application owners: contact your "+
			"Vault operators. "+
			"Operators: check that the address that Vault calls from is in Allowable IP of this client in "+
			"the Dashboard.", e.Host, clientWithID(e))
	case e.Reason != "":
		return fmt.Sprintf("Paxos (%s) refused the request (HTTP %d): %s. Contact your Vault operators.", e.Host,
			e.Status, e.Reason)
	case e.Code != "":
		return fmt.Sprintf("Paxos (%s) refused the request: %s (HTTP %d). Contact your Vault operators.", e.Host,
			e.Code, e.Status)
	}
	return fmt.Sprintf("Paxos (%s) refused the request (HTTP %d). Contact your Vault operators.", e.Host, e.Status)
}

// notRevoked says that a mount was not disabled, because the token of one of its leases was not revoked at
// Paxos. Vault shows it, after words of its own, to the person who disables the mount.
func notRevoked(cause error) error {
	why := cause
	if refused := new(paxos.Error); errors.As(cause, &refused) {
		why = refused
	}
	return logical.CodedError(http.StatusBadGateway, fmt.Sprintf("The mount was not disabled, because Paxos did not "+
		"revoke the token of a lease. The mount answers no requests now. Disable it again when Paxos answers, or "+
		"now after `vault lease revoke -force -prefix %screds/`: tokens then stay valid until they expire, at most "+
		"an hour, and leased clients until you rotate them in the Dashboard. Cause: %s.", mountMark, why))
}

// explained says why a token could not be refreshed, to the reader who gets the old token. It gives
// no time to wait, because the refresh may have failed some time ago, and the time would be wrong.
func explained(err error) string {
	var (
		throttled *limits.Throttled
		refused   *paxos.Error
	)
	switch isPaxos := errors.As(err, &refused); {
	case errors.As(err, &throttled) && throttled.Banned, isPaxos && refused.Throttled():
		return "Paxos is rate-limiting the address that Vault calls from. `vault read " + mountMark +
			"status` shows until when (banned_until)."
	case errors.As(err, &throttled):
		return fault.Sentence(throttled.Reason)
	case isPaxos:
		return sentence(refused)
	}
	return failed(err)
}

// rejected says that Paxos rejects the secret of a client. It tells application owners and
// operators apart, because each can do something else about it.
func rejected(e *paxos.Error) string {
	path := rotateRootPath
	if e.Client != "" {
		path = clientsPrefix + e.Client + "/rotate"
	}
	return fmt.Sprintf("Paxos rejected the credentials of %s: its secret was rotated, or it was disabled or deleted. "+
		"Application owners: contact your Vault operators. Operators: enable it in the Dashboard, or store "+
		"its new secret with `vault write %s%s client_secret=-` (or check auth_style in config/connection, which "+
		"is %s).",
		clientWithID(e), mountMark, path, e.AuthStyle)
}

// clientLabel is how an error names a client of the mount, at the start of a sentence. An empty
// name is the root client.
func clientLabel(name string) string {
	if name == "" {
		return "The root client"
	}
	return fmt.Sprintf("Client %q", name)
}

// clientWithID is clientLabel within a sentence, with the Client ID by which the Dashboard knows
// the client.
func clientWithID(e *paxos.Error) string {
	label := clientLabel(e.Client)
	label = strings.ToLower(label[:1]) + label[1:]
	if e.ClientID == "" {
		return label
	}
	return label + " (Client ID " + e.ClientID + ")"
}

// scopesAtFault says which scopes are missing: those that Paxos named, or else that at least one of
// the requested scopes is.
func scopesAtFault(named, asked []string) string {
	switch {
	case len(named) > 0:
		return strings.Join(named, ", ")
	case len(asked) == 1:
		return asked[0]
	case len(asked) > 1:
		return "at least one of: " + strings.Join(slices.Sorted(slices.Values(asked)), ", ")
	}
	return "at least one of the requested scopes"
}

// unended warns the writer of a secret if Paxos refused to revoke the token that verified it. Paxos
// would then refuse to revoke any token of this client. A failure that may pass is retried in the
// background and needs no warning.
func unended(cause error) []string {
	var refused *paxos.Error
	if !errors.As(cause, &refused) || refused.Temporary() {
		return nil
	}
	return []string{fmt.Sprintf("The secret was verified, but Paxos (%s) refused to revoke the token that was "+
		"requested for it (HTTP %d). "+
		"Tokens of this client may not be revocable: they would work until they expire, about an hour after "+
		"they are issued. "+
		"Check revoke_url and auth_style in config/connection, and run `vault write -f %sprobe`.", refused.Host,
		refused.Status, mountMark)}
}
