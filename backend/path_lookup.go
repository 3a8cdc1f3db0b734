package backend

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// longestLookup is the longest text, in bytes, in which a token is looked for. It is more than any
// token that the broker accepts.
const longestLookup = 8 << 10

// wrapping matches what stands before a token in a header or in code.
var wrapping = regexp.MustCompile(`(?i)^(authorization\s*:\s*)?bearer(\s+|$)`)

// A spelling is one way to read the token in a request. length is that of the token in bytes, 0 if
// the request has only the fingerprint.
type spelling struct {
	fingerprint string
	length      int
}

func (b *backend) pathLookup() *framework.Path {
	return &framework.Path{
		Pattern:         "lookup$",
		HelpSynopsis:    "Find the role, client and lease holders of a leaked token. Makes no request to Paxos.",
		HelpDescription: lookupHelp,
		DisplayAttrs:    &framework.DisplayAttributes{OperationPrefix: "paxos"},
		Fields: spec.Parameters{
			"access_token": {
				Type: framework.TypeString, Sensitive: true, Example: "@found.txt",
				Text: "The token that was found. \"Bearer\" before it, quotes around it and line breaks in it are " +
					"ignored. It is neither returned nor logged. Required without token_id.",
			},
			"token_id": {Type: framework.TypeString, Example: "9f86d081884c7d659a2feaa0c55ad015",
				Text: "The fingerprint of the token, from an audit log or an event. Required without access_token."},
		}.Fields(),
		Operations: spec.Operations{
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.lookUp,
				"Find the role, client and lease holders of a token.",
				spec.Body("What is known of the token.", lookupAnswer)), "look-up", "token"),
		},
	}
}

// lookupAnswer are the fields that a lookup returns. For an unknown token it returns only the first
// two.
var lookupAnswer = spec.Fields{
	"known": spec.Required(framework.TypeBool, "Whether the token belongs to this mount and is still valid."),
	"token_id": spec.Required(framework.TypeString,
		"Fingerprint of the token. Audit logs have it, also after the token has ended."),
	"state": {Type: framework.TypeString,
		Description: "serving (the next reader gets it), held (it is valid, but no further reader gets it), waiting " +
			"(the same, and it is revoked when its grace is over) or ending (it is being revoked at Paxos)."},
	"role": {Type: framework.TypeString,
		Description: "The role that it was issued for, by its name at that time. Empty for a token that the engine " +
			"requested for itself."},
	"client_id": {Type: framework.TypeString,
		Description: "Client ID of the client that it was requested with."},
	"generation": {Type: framework.TypeInt,
		Description: "Number of the client's secret that it was requested with."},
	"environment": {Type: framework.TypeString,
		Description: "production, sandbox or custom. Empty if the mount has no configuration any more."},
	"scopes": {Type: framework.TypeStringSlice,
		Description: "The scopes of the token."},
	"minted_at": {Type: framework.TypeString,
		Description: "When the token was requested (RFC 3339)."},
	"expires_at": {Type: framework.TypeString,
		Description: "When the token expires (RFC 3339)."},
	"leased": {Type: framework.TypeBool,
		Description: "Whether it is issued on leases (creds/). Otherwise it is issued without (token/)."},
	"unique": {Type: framework.TypeBool,
		Description: "Whether it belongs to one lease only."},
	"narrowed": {Type: framework.TypeBool,
		Description: "Whether it has only some of the role's scopes."},
	"holders": {Type: framework.TypeSlice,
		Description: "Who leases it, the longest first. Each has entity_id, display_name, since and leases."},
	"holders_complete": {Type: framework.TypeBool,
		Description: "Whether holders has all of them. False after a restart, and for tokens without a lease."},
}

// lookUp answers POST lookup. An unknown token gets a response with known=false instead of a 404,
// because a script that has the path of the mount wrong gets a 404 too. It must not conclude from
// this that the token is not from this mount.
func (b *backend) lookUp(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	spellings, err := askedFor(d)
	if err != nil {
		return nil, err
	}
	var found broker.Found
	var ok bool
	var fingerprint string
	for _, one := range spellings {
		fingerprint = one.fingerprint
		if found, ok, err = b.broker.Lookup(ctx, fingerprint); err != nil {
			return nil, err
		}
		if ok {
			break
		}
	}
	data := map[string]any{"known": ok, "token_id": fingerprint}
	if !ok {
		warnings, err := b.unknownToken(ctx, spellings[len(spellings)-1].length)
		if err != nil {
			return nil, err
		}
		return &logical.Response{Data: data, Warnings: warnings}, nil
	}
	c, err := b.cachedConfig(ctx, req.Storage)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return nil, err
	}
	row := found.Row
	for name, value := range map[string]any{
		"state":            stateOf(found, b.options.Now()),
		"role":             row.RoleName,
		"client_id":        row.ClientID,
		"generation":       row.Generation,
		"environment":      c.Environment,
		"scopes":           row.Scopes,
		"minted_at":        spec.Timestamp(row.MintedAt),
		"expires_at":       spec.Timestamp(row.ExpiresAt),
		"leased":           row.Key.Leased,
		"unique":           row.Own,
		"narrowed":         row.Narrowed,
		"holders":          describeHolders(found.Holders),
		"holders_complete": found.Complete,
	} {
		data[name] = value
	}
	return &logical.Response{Data: data}, nil
}

// askedFor returns the token that the request names, once for each way in which its text can be
// read. How long that takes depends only on the length of the text, which is bounded, and not on
// what the text says.
func askedFor(d *framework.FieldData) ([]spelling, error) {
	text, hasText := input.Given[string](d, "access_token")
	fingerprint, hasFingerprint := input.Given[string](d, "token_id")
	text = strings.TrimSpace(text) // a text that was copied from a file often ends in a line break
	switch {
	case hasText == hasFingerprint:
		return nil, fault.BadRequest("Send either access_token or token_id.")
	case hasText && (text == "" || len(text) > longestLookup):
		return nil, fault.BadRequest("access_token must be a token of 1 to %d bytes.", longestLookup)
	case hasText:
		bare := unwrapped(text)
		if bare == "" || strings.ContainsFunc(bare, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			return nil, fault.BadRequest("access_token contains a space or a character that no token has. Send one " +
				"whole token and nothing else.")
		}
		return []spelling{{broker.Fingerprint(text), len(text)}, {broker.Fingerprint(bare), len(bare)}}, nil
	case !input.ValidTokenID(fingerprint):
		return nil, errTokenID
	}
	return []spelling{{fingerprint: fingerprint}}, nil
}

// unwrapped returns the token from a text that was copied from a header, a log or code. It removes
// quotes around the token, Bearer before it, and the line breaks that a narrow window adds.
func unwrapped(text string) string {
	for {
		bare := wrapping.ReplaceAllString(strings.TrimSpace(text), "")
		if n := len(bare); n >= 2 && strings.ContainsRune("\"'`", rune(bare[0])) && bare[n-1] == bare[0] {
			bare = bare[1 : n-1]
		}
		if bare == text {
			return strings.NewReplacer("\r", "", "\n", "").Replace(bare)
		}
		text = bare
	}
}

// unknownToken warns that the text may be only a part of a token. It does so if no live token of
// the mount has this length. It is no error, because Paxos does not document what its tokens look
// like.
func (b *backend) unknownToken(ctx context.Context, length int) ([]string, error) {
	rows, err := b.broker.Live(ctx)
	if err != nil || length == 0 || len(rows) == 0 {
		return nil, err
	}
	for _, row := range rows {
		if len(row.Token) == length {
			return nil, nil
		}
	}
	return []string{fmt.Sprintf("This text has %d characters, but tokens of this mount have %d. It may be only a "+
		"part of a token. Look up a whole token.", length, len(rows[0].Token))}, nil
}

// stateOf returns the state of a token as lookup shows it.
func stateOf(found broker.Found, now time.Time) string {
	switch {
	case found.Row.Waits(now):
		return "waiting"
	case !found.Row.EndingSince.IsZero():
		return "ending"
	case found.Serving:
		return "serving"
	}
	return "held"
}

// describeHolders describes who holds leases on a token. The leases of one holder are counted in
// one entry.
func describeHolders(holdings []broker.Holding) []map[string]any {
	described := []map[string]any{}
	lines := map[broker.Holder]map[string]any{}
	for _, holding := range holdings {
		line := lines[holding.Holder]
		if line == nil {
			line = map[string]any{
				"entity_id": holding.EntityID, "display_name": holding.DisplayName,
				"since": spec.Timestamp(holding.Since), "leases": 0,
			}
			lines[holding.Holder] = line
			described = append(described, line)
		}
		line["leases"] = line["leases"].(int) + 1
	}
	return described
}

const lookupHelp = `
Takes a token that was found in a log, a repository or a chat, or its token_id from an
audit log, and says which role, client and lease holders it belongs to. "Bearer" before
the token, quotes around it and line breaks in it are ignored. Nothing is sent to Paxos,
and the token is not repeated in the answer.

    vault write paxos/lookup access_token=@found.txt
    vault write -f paxos/roles/<role>/rotate

The second command revokes all tokens of the role. For a token of another mount, or one
that has ended, the answer has known=false, and the token_id to search audit logs for.
`
