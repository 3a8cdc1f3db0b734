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
			logical.UpdateOperation: spec.Displayed(spec.OnActive(b.lookUp, "Tell whose a token is.",
				spec.Body("What is known of the token.", lookupAnswer)), "look-up", "token"),
		},
	}
}

// lookupAnswer are the fields that a lookup returns. For an unknown token it returns only the first
// two.
var lookupAnswer = spec.Fields{
	"known": spec.Required(framework.TypeBool, "Whether the token is this mount's and has not ended."),
	"token_id": spec.Required(framework.TypeString,
		"Fingerprint of the token, by which audit logs know it even after its end."),
	"state": {Type: framework.TypeString,
		Description: "serving (the next reader gets it), held (it is valid, and no further reader gets it), " +
			"waiting (likewise, and it is revoked when its grace is over) or ending (it is to be revoked at Paxos)."},
	"role": {Type: framework.TypeString,
		Description: "The role it was issued for, under its name at that time; empty for the engine's own tokens."},
	"client_id": {Type: framework.TypeString,
		Description: "Client ID of the client that it was requested with."},
	"generation": {Type: framework.TypeInt, Description: "Which of the client's secrets it was requested with."},
	"environment": {Type: framework.TypeString,
		Description: "production, sandbox or custom; empty if the mount is not configured any more."},
	"scopes":     {Type: framework.TypeStringSlice, Description: "The scopes as granted."},
	"minted_at":  {Type: framework.TypeString, Description: "When it was requested (RFC 3339)."},
	"expires_at": {Type: framework.TypeString, Description: "When it expires (RFC 3339)."},
	"leased": {Type: framework.TypeBool,
		Description: "Whether it is issued on leases (creds/) or without (token/)."},
	"unique":   {Type: framework.TypeBool, Description: "Whether it is one lease's own."},
	"narrowed": {Type: framework.TypeBool, Description: "Whether it has only some of the role's scopes."},
	"holders": {Type: framework.TypeSlice,
		Description: "Who holds leases on it, the longest first: entity_id, display_name, since, leases."},
	"holders_complete": {Type: framework.TypeBool,
		Description: "Whether holders are all there are. False after a restart, and for tokens without a lease."},
}

// lookUp answers POST lookup. An unknown token gets a response with known=false instead of a 404,
// because a script that has the path of the mount wrong gets a 404 too. It must not conclude from
// that that the token is not one of ours.
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
		return nil, fault.BadRequest("give either access_token or token_id")
	case hasText && (text == "" || len(text) > longestLookup):
		return nil, fault.BadRequest("access_token must be a token, of 1 to %d bytes", longestLookup)
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
	return []string{fmt.Sprintf("This text has %d characters, and the tokens of this mount have %d. It may be "+
		"only a part of a token: look up a whole one.", length, len(rows[0].Token))}, nil
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
Takes a token that was found in a log, a repository or a chat, or the token_id that an
audit log has, and tells which role, client and lease holders it belongs to. "Bearer"
before the token, quotes around it and line breaks in it are ignored. Nothing is sent to
Paxos, and the token is not repeated. A token of another mount, or one that has ended,
answers known=false, with the token_id to search audit logs for.

To revoke a token now, write to roles/<role>/rotate.
`
