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

// Bounds on what a comparison keeps: the list comes from Paxos, and Vault's integrated
// storage takes no entry of more than 1 MiB.
const (
	mostObserved = 512 << 10 // bytes of text, about 250 credentials that hold every scope
	mostDetails  = 256       // scopes, addresses or keys of one credential
)

// changeMemory is how long it is remembered what a credential was before it changed.
const changeMemory = 7 * 24 * time.Hour

// A comparison is what Paxos's list of the Entity's credentials was seen to hold.
type credentialList struct {
	store.Versioned
	TriedAt  time.Time `json:"tried_at"`  // when it was last begun; zero: never
	At       time.Time `json:"at"`        // when Paxos answered anything; zero: never
	ListedAt time.Time `json:"listed_at"` // when it answered with the list; zero: never
	// the Entity that the first list was of, if it told: it is the mount's
	Customer    string             `json:"customer,omitempty"`
	Refused     bool               `json:"refused"` // at At it said that the root may not list
	Left        int                `json:"left"`    // credentials that were too many to keep
	Credentials []listedCredential `json:"credentials"`
}

// An observed is a credential at Paxos. All text is fit to be shown.
type listedCredential struct {
	ClientID   string    `json:"client_id"`
	Label      string    `json:"label"`
	PublicKeys []string  `json:"public_keys"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	attributes
	Was       *attributes `json:"was,omitempty"` // before it changed, for as long as that is remembered
	ChangedAt time.Time   `json:"changed_at,omitzero"`
}

// attributes are what somebody may change of a credential in the Dashboard.
type attributes struct {
	Status      string   `json:"status"`
	Scopes      []string `json:"scopes"`
	IPAllowlist []string `json:"ip_allowlist"`
	Signing     bool     `json:"enforce_request_signing"`
}

// noCredentialList is what counts where nothing is stored.
func noCredentialList() credentialList { return credentialList{Versioned: store.Current} }

// listed is the comparison that follows on c when Paxos has answered with a list. The
// mount's own credentials and the living are kept first.
func (c credentialList) listed(now time.Time, list []paxos.Credential, own func(clientID string) bool) credentialList {
	next := credentialList{Versioned: store.Current, TriedAt: c.TriedAt, At: now, ListedAt: now, Customer: c.Customer}
	for _, credential := range list {
		next.Credentials = append(next.Credentials,
			newListedCredential(credential).after(c.find(sanitize(credential.ClientID)), now))
	}
	weight := func(o listedCredential) int {
		switch {
		case own(o.ClientID):
			return 0
		case o.Status == paxos.StatusApproved:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(next.Credentials, func(a, z listedCredential) int {
		return cmp.Or(cmp.Compare(weight(a), weight(z)), z.CreatedAt.Compare(a.CreatedAt),
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

// refused is the comparison that follows on c when the root may not list.
func (c credentialList) refused(now time.Time) credentialList {
	c.Versioned, c.At, c.Refused = store.Current, now, true
	return c
}

// begun is c, but that the next is begun: one that fails half-way counts too.
func (c credentialList) begun(now time.Time) credentialList {
	c.Versioned, c.TriedAt = store.Current, now
	return c
}

// recent reports whether one was begun so short a time ago.
func (c credentialList) recent(now time.Time, pause time.Duration) bool {
	age := now.Sub(c.TriedAt)
	return 0 <= age && age < pause
}

// find is the credential of a Client ID, nil if there is none.
func (c credentialList) find(clientID string) *listedCredential {
	for i := range c.Credentials {
		if c.Credentials[i].ClientID == clientID {
			return &c.Credentials[i]
		}
	}
	return nil
}

// newListedCredential takes from a credential what is kept.
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

// size is about what the credential takes in storage.
func (o listedCredential) size() int {
	size := 512
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

// details makes a list from Paxos fit to be kept: in order, each once.
func details(list []string) []string {
	clean := []string{}
	for _, text := range list[:min(len(list), mostDetails)] {
		clean = append(clean, sanitize(text))
	}
	slices.Sort(clean)
	return slices.Compact(clean)
}

// after remembers what the credential was when it was seen before.
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
	if o.Was != nil && o.equal(*o.Was) { // it was changed back
		o.Was, o.ChangedAt = nil, time.Time{}
	}
	return o
}

// equal compares attributes.
func (a attributes) equal(other attributes) bool {
	return a.Status == other.Status && slices.Equal(a.Scopes, other.Scopes) &&
		slices.Equal(a.IPAllowlist, other.IPAllowlist) && a.Signing == other.Signing
}

// credentialList returns the latest comparison, from memory or storage.
func (b *backend) credentialList(ctx context.Context, s logical.Storage) (credentialList, error) {
	return b.entries.list.Get(ctx, s, driftKey)
}

// sanitize makes text from Paxos's Dashboard fit to be shown, because its writer may mean
// to harm. What a terminal would obey, or a reader could not see, is replaced.
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
