package transport

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// A sentBody is the body of a request, which is read once.
type sentBody struct {
	held  []byte        // what was read
	whole bool          // nothing is left in rest, so that the request can be signed and repeated
	rest  io.ReadCloser // what is left; nil if there was no body, or it has been handed on
}

// hold reads the body as far as it may be held. A body that is to be signed must be held whole.
func (b *sentBody) hold(signed bool) error {
	if b.rest == nil {
		b.whole = true
		return nil
	}
	most := MaximumHeldBody
	if signed {
		most = MaximumSignedBody
	}
	held, err := io.ReadAll(io.LimitReader(b.rest, int64(most)+1))
	if err != nil {
		return err
	}
	b.held, b.whole = held, len(held) <= most
	switch {
	case signed && !b.whole:
		return ErrTooLarge
	case signed && !utf8.Valid(held):
		return ErrNotText
	}
	return nil
}

// unread returns the body as it was before hold. The one who gets it closes it.
func (b *sentBody) unread() io.ReadCloser {
	rest := b.rest
	b.rest = nil
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b.held), rest), rest}
}

// closeUnsent closes the body unless it was handed on. An http.RoundTripper always closes the body.
func (b *sentBody) closeUnsent() {
	if b.rest != nil {
		_ = b.rest.Close() // the body was read, or is not wanted
	}
}
