package backend

import (
	"strings"
	"testing"
	"time"

	"vault-plugin-secrets-paxos/backend/paxos"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*paxos.Error{
		"Paxos (oauth.paxos.com) did not answer within 10s (request_timeout).": {
			Host: "oauth.paxos.com", Reason: "no answer in time", Waited: 10 * time.Second,
		},
		"Could not reach Paxos at oauth.paxos.com: connection refused. Operators: check network, " +
			"proxy and firewall of the active Vault node.": {
			Host: "oauth.paxos.com", Reason: "connection refused", Unreachable: true,
		},
		"The call to Paxos (oauth.paxos.com) failed: the reply is malformed. Retry": {
			Host: "oauth.paxos.com", Reason: "the reply is malformed",
		},
		"Paxos (oauth.paxos.com) answered HTTP 503. Retry later.": {
			Host: "oauth.paxos.com", Status: 503, Code: "temporarily_unavailable",
		},
		"Paxos (oauth.paxos.com) refused the request: unauthorized_client (HTTP 400). Contact your Vault operators.": {
			Host: "oauth.paxos.com", Status: 400, Code: "unauthorized_client",
		},
		"Paxos (oauth.paxos.com) refused the request (HTTP 404). Contact your Vault operators.": {
			Host: "oauth.paxos.com", Status: 404,
		},
		"Paxos (oauth.paxos.com) refused the request (HTTP 302): a redirect, which is never followed.": {
			Host: "oauth.paxos.com", Status: 302, Reason: "a redirect, which is never followed",
		},
		`Client "team" lacks transfer:read_transfer. Application owners: contact your Vault operators. ` +
			`Operators: add it in the Dashboard.`: {
			Status: 400, Code: "invalid_scope", Client: "team", Scopes: []string{"transfer:read_transfer"},
		},
		"The root client lacks at least one of the requested scopes. Application owners: contact your " +
			"Vault operators. Operators: add it in the Dashboard.": {Status: 400, Code: "invalid_scope"},
		"Paxos (oauth.paxos.com) refused the call of client \"team\" (Client ID id) (HTTP 403). Application " +
			"owners: con": {Host: "oauth.paxos.com", Status: 403, Client: "team", ClientID: "id"},
	} {
		if got := sentence(e); !strings.HasPrefix(got, want) {
			t.Errorf("%+v is told as %q, want %q", *e, got, want)
		}
	}
}
