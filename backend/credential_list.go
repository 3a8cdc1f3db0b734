package backend

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/store"
)

// Limits on the size of a stored list. Paxos decides how long the list is, and Vault's integrated
// storage refuses entries of more than 1 MiB.
const (
	mostObserved = 512 << 10 // bytes in storage; enough for about 250 credentials that hold every scope
	mostDetails  = 256       // scopes, addresses or keys of one credential
)

// changeMemory is how long the list remembers what a credential was before it changed.
const changeMemory = 7 * 24 * time.Hour

// A credentialList is what this mount last learned of Paxos's list of the Entity's credentials.
type credentialList struct {
	store.Versioned
	TriedAt  time.Time `json:"tried_at"`  // when the latest comparison began; zero: never
	At       time.Time `json:"at"`        // when Paxos last answered, even with a refusal; zero: never
	ListedAt time.Time `json:"listed_at"` // when Paxos last answered with the list; zero: never
	// Customer is the mount's Entity: the one that the first list was of. It is empty if no list
	// has named an Entity.
	Customer    string             `json:"customer,omitempty"`
	Refused     bool               `json:"refused"` // the answer at At was that the root client may not list
	Left        int                `json:"left"`    // how many credentials the limits left out
	Credentials []listedCredential `json:"credentials"`
}

// A listedCredential is a credential as Paxos listed it. All its text has gone through sanitize.
type listedCredential struct {
	ClientID   string    `json:"client_id"`
	Label      string    `json:"label"`
	PublicKeys []string  `json:"public_keys"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	attributes
	Was       *attributes `json:"was,omitempty"` // before the change at ChangedAt; kept for changeMemory
	ChangedAt time.Time   `json:"changed_at,omitzero"`
}

// attributes are the properties of a credential that somebody can change in the Dashboard.
type attributes struct {
	Status      string   `json:"status"`
	Scopes      []string `json:"scopes"`
	IPAllowlist []string `json:"ip_allowlist"`
	Signing     bool     `json:"enforce_request_signing"`
}

// noCredentialList returns the list that counts where none is stored.
func noCredentialList() credentialList { return credentialList{Versioned: store.Current} }

// listed returns the list to store after c, now that Paxos has answered with a list. If the list is
// too long to be kept whole, the mount's own credentials are kept first, then approved ones, then
// the newest. own reports whether a Client ID is the mount's own.
func (c credentialList) listed(now time.Time, list []paxos.Credential, own func(clientID string) bool) credentialList {
	next := credentialList{Versioned: store.Current, TriedAt: c.TriedAt, At: now, ListedAt: now, Customer: c.Customer}
	for _, credential := range list {
		next.Credentials = append(next.Credentials,
			newListedCredential(credential).after(c.find(sanitize(credential.ClientID)), now))
	}
	rank := func(o listedCredential) int {
		switch {
		case own(o.ClientID):
			return 0
		case o.Status == paxos.StatusApproved:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(next.Credentials, func(a, z listedCredential) int {
		return cmp.Or(cmp.Compare(rank(a), rank(z)), z.CreatedAt.Compare(a.CreatedAt),
			strings.Compare(a.ClientID, z.ClientID))
	})
	total := 0
	for i, o := range next.Credentials {
		if total += o.size(); total > mostObserved {
			next.Left, next.Credentials = len(next.Credentials)-i, next.Credentials[:i]
			break
		}
	}
	return next
}

// refused returns the list to store after c, now that Paxos has answered that the root client may
// not list. The credentials of c are kept.
func (c credentialList) refused(now time.Time) credentialList {
	c.Versioned, c.At, c.Refused = store.Current, now, true
	return c
}

// begun returns the list to store after c when a comparison begins. It is stored before Paxos is
// asked, so that a comparison that fails counts as an attempt too.
func (c credentialList) begun(now time.Time) credentialList {
	c.Versioned, c.TriedAt = store.Current, now
	return c
}

// recent reports whether the latest comparison began less than pause ago. A time in the future,
// which a clock that was set back leaves behind, is not recent.
func (c credentialList) recent(now time.Time, pause time.Duration) bool {
	age := now.Sub(c.TriedAt)
	return 0 <= age && age < pause
}

// find returns the credential with a Client ID, or nil if the list has none.
func (c credentialList) find(clientID string) *listedCredential {
	for i := range c.Credentials {
		if c.Credentials[i].ClientID == clientID {
			return &c.Credentials[i]
		}
	}
	return nil
}

// newListedCredential returns what the list keeps of a credential from Paxos.
func newListedCredential(c paxos.Credential) listedCredential {
	o := listedCredential{
		ClientID: sanitize(c.ClientID), Label: sanitize(c.Label), CreatedAt: c.CreatedAt.UTC(),
		attributes: attributes{
			Status: sanitize(c.Status), Scopes: details(c.Scopes), IPAllowlist: details(c.IPAllowlist),
			Signing: c.EnforceRequestSigning,
		},
	}
	var keys []string
	for _, key := range c.PublicKeys {
		state := "inactive"
		if key.Active {
			state = "active"
		}
		keys = append(keys, key.ID+" "+key.Algorithm+" "+state)
	}
	o.PublicKeys = details(keys)
	return o
}

// size returns about how many bytes the credential takes in storage.
func (o listedCredential) size() int {
	size := 512 // the fields of limited length
	lists := [][]string{o.PublicKeys, o.Scopes, o.IPAllowlist}
	if o.Was != nil {
		lists = append(lists, o.Was.Scopes, o.Was.IPAllowlist)
	}
	for _, list := range lists {
		for _, text := range list {
			size += len(text) + len(`"",`)
		}
	}
	return size
}

// details returns a list from Paxos as it is kept: sanitized, cut at mostDetails, sorted, and
// without repetitions.
func details(list []string) []string {
	clean := []string{}
	for _, text := range list[:min(len(list), mostDetails)] {
		clean = append(clean, sanitize(text))
	}
	slices.Sort(clean)
	return slices.Compact(clean)
}

// after returns the credential together with what it was before it changed. before is the same
// credential in the list before, nil if it was not there. A credential that changes twice keeps
// what it was at first, and one that is changed back has not changed.
func (o listedCredential) after(before *listedCredential, now time.Time) listedCredential {
	if before == nil {
		return o
	}
	if before.Was != nil && now.Sub(before.ChangedAt) < changeMemory {
		o.Was, o.ChangedAt = before.Was, before.ChangedAt
	}
	if !o.equal(before.attributes) {
		o.ChangedAt = now
		if o.Was == nil {
			was := before.attributes
			o.Was = &was
		}
	}
	if o.Was != nil && o.equal(*o.Was) {
		o.Was, o.ChangedAt = nil, time.Time{}
	}
	return o
}

// equal reports whether the attributes are the same.
func (a attributes) equal(other attributes) bool {
	return a.Status == other.Status && slices.Equal(a.Scopes, other.Scopes) &&
		slices.Equal(a.IPAllowlist, other.IPAllowlist) && a.Signing == other.Signing
}

// credentialList returns the latest list of credentials, from memory or storage.
func (b *backend) credentialList(ctx context.Context, s logical.Storage) (credentialList, error) {
	return b.entries.list.Get(ctx, s, driftKey)
}

// sanitize makes text from Paxos's Dashboard safe to show, because an attacker may have written it.
// It replaces characters that a terminal would obey or that a reader could not see, and cuts long
// text.
func sanitize(text string) string {
	const most = input.MaximumScopeSize // characters
	clean := []rune(strings.ToValidUTF8(text, "\ufffd"))
	cut := len(clean) > most
	clean = clean[:min(len(clean), most)]
	for i, r := range clean {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) && r != ' ' {
			clean[i] = '\ufffd'
		}
	}
	if cut {
		return string(clean) + "…"
	}
	return string(clean)
}
