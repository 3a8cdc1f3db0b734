package spending

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Records keep pages of payments across restarts and failovers. An error from PutPage or DeletePage
// leaves it unknown whether it happened. The Records may be used by many callers at once, and for
// different pages at once.
type Records interface {
	// Pages returns the IDs of all pages.
	Pages(ctx context.Context) ([]string, error)
	// Page returns a page, if it exists. A page that cannot be read is an error, never absent.
	Page(ctx context.Context, id string) (page Page, exists bool, err error)
	PutPage(ctx context.Context, page Page) error
	DeletePage(ctx context.Context, id string) error
}

// PageSize is how many payments a page has at most.
const PageSize = 100

// A Page is what is stored in one entry.
type Page struct {
	ID   string `json:"-"`
	Rows []Row  `json:"payments"`
}

// A Row is a payment as it is stored.
type Row struct {
	Payment
	At time.Time `json:"at"` // when it was last signed, or was going to be
}

// A Payment is one request that moves money.
type Payment struct {
	// Key identifies the payment: it is the [HashOf] its method, path, ref_id and body.
	Key Hash `json:"key"`
	// Ref identifies the ref_id. While the payment counts, no other payment may have the same Ref.
	// Zero if the request has no ref_id.
	Ref Hash `json:"ref,omitzero"`
	// Signer is the ID of the signer's entry, which a signer that is deleted and made again does not
	// have any more. It must not be empty.
	Signer string `json:"signer"`
	// Amounts are all that the payment moves. One asset may be there more than once.
	Amounts []Amount `json:"amounts"`
}

// An Amount is so much of an asset.
type Amount struct {
	Asset string `json:"asset"`
	Units Units  `json:"amount"`
}

// A Hash identifies what it was made of.
type Hash [sha256.Size]byte

// HashOf returns the hash of the parts. Other parts have another hash, even if they are the same
// bytes when joined.
func HashOf(parts ...string) Hash {
	hash := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		hash.Write(length[:])
		hash.Write([]byte(part))
	}
	return Hash(hash.Sum(nil))
}

// MarshalText writes the hash in base64.
func (h Hash) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, h[:]), nil
}

// UnmarshalText reads the hash from base64.
func (h *Hash) UnmarshalText(text []byte) error {
	decoded, err := base64.RawURLEncoding.AppendDecode(nil, text)
	if err != nil || len(decoded) != len(h) {
		return errors.New("the hash of a payment is damaged")
	}
	copy(h[:], decoded)
	return nil
}
