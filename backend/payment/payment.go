package payment

import (
	"slices"
	"strings"
	"unicode/utf8"

	"vault-plugin-secrets-paxos/backend/signing"
)

// maximumRefID is how many characters a ref_id may have.
const maximumRefID = 128

// A Payment is what a request would move. Use Read.
type Payment struct {
	Operation   string      // Paxos's operationId
	Judged      Judgement   // empty if the operation moves nothing: then only RefID may be set below
	RefID       string      // empty if the operation or the body has none
	Source      string      // the profile that pays; empty if the request does not say it
	Destination Destination // zero if the request does not say it
	EndUsers    []EndUser   // whose money moves inside the profile
	Amounts     []Amount    // what counts against limits, each for another asset; empty unless ByAmount
	ExtraFields []string    // top-level fields of the body that money.tsv lacks
	names       fieldNames
}

// An EndUser is an identity or an account at Paxos.
type EndUser struct {
	Field string // the field that names it
	ID    string
}

// An Amount is how much of an asset a payment moves.
type Amount struct {
	Asset      string
	Value      Decimal // of legs, the sum
	AssetField string  // the field that names the asset
	Field      string  // the field that has the value
}

// fieldNames are the fields that errors about a payment name.
type fieldNames struct{ source, destination string }

// Read reads what a request would move. Every error is a *Malformed.
func Read(r signing.Request) (Payment, error) {
	p := Payment{Operation: r.Operation.ID}
	o, ok := operations()[p.Operation]
	if !ok {
		p.RefID = freeRefID(r.Body)
		return p, nil
	}
	if r.Query != "" {
		return Payment{}, &Malformed{Field: "path", Reason: "must have no query for this operation"}
	}
	if len(r.Body) == 0 && o.RefID != "" {
		return Payment{}, &Malformed{Field: "body", Reason: "is empty: give the exact bytes that you will send to Paxos"}
	}
	read, err := readBody(o.body, r.Body)
	if err != nil {
		return Payment{}, err
	}
	p.Judged, p.ExtraFields = o.Judged, read.extra
	if o.InPath {
		p.Source = r.Operation.Parameter(o.Source, r.Path)
	}
	for _, step := range []func(*Payment, operation, *body) error{readRefID, readSource, readDestination, readEndUsers,
		readAmounts} {
		if err := step(&p, o, read); err != nil {
			return Payment{}, err
		}
	}
	return p, nil
}

// freeRefID returns the ref_id of a body of which nothing is judged; empty if it has none that
// every reader understands in the same way.
func freeRefID(text []byte) string {
	const field = "ref_id"
	s := newShape("", "", inside)
	s.at(field).use = judged
	s.number(map[string]int{})
	read, err := readBody(s, text)
	if err != nil || utf8.RuneCountInString(read.text(field)) > maximumRefID {
		return ""
	}
	return read.text(field)
}

// readRefID reads the ref_id.
func readRefID(p *Payment, o operation, read *body) error {
	if o.RefID == "" {
		return nil
	}
	p.RefID = read.text(o.RefID)
	switch {
	case p.RefID == "":
		return &Malformed{Field: o.RefID, Reason: "is missing: a repeated request would move money twice"}
	case utf8.RuneCountInString(p.RefID) > maximumRefID:
		return &Malformed{Field: o.RefID, Reason: "must have at most 128 characters"}
	}
	return nil
}

// readSource reads which profile pays, if the path does not say it.
func readSource(p *Payment, o operation, read *body) error {
	p.names.source = o.Source
	switch {
	case o.InPath && p.Source == "":
		return &Malformed{Field: o.Source, Reason: "is missing in the path"}
	case o.InPath || o.Source == "":
		return nil
	}
	return readPlain(&p.Source, read, o.Source)
}

// readDestination reads where the money goes.
func readDestination(p *Payment, o operation, read *body) error {
	if len(o.Destinations) == 0 {
		return nil
	}
	target, err := read.target(o.Destinations)
	if err != nil {
		return err
	}
	p.names.destination, p.Destination.Kind = target.ID, target.Kind
	if target.Optional && !read.has(target) {
		p.Destination.ID = p.Source
		return nil
	}
	if err := readPlain(&p.Destination.ID, read, target.ID); err != nil || target.Kind != crypto {
		return err
	}
	if err := readPlain(&p.Destination.Network, read, target.Network); err != nil {
		return err
	}
	switch {
	case strings.Contains(p.Destination.ID, "?"): // a memo after it would look like that of an entry
		return &Malformed{Field: target.ID, Reason: "must be an address without parameters"}
	case !isName(p.Destination.Network):
		return &Malformed{Field: target.Network, Reason: "must be the name of a network"}
	case takesMemo(p.Destination.Network) && o.Memo != "":
		p.Destination.Memo = read.text(o.Memo)
	}
	return nil
}

// target returns which of the forms of a destination a body has. If there is one form only, it is
// that one, even if it is absent.
func (b *body) target(forms []MovementTarget) (MovementTarget, error) {
	if len(forms) == 1 {
		return forms[0], nil
	}
	there := slices.DeleteFunc(slices.Clone(forms), func(form MovementTarget) bool { return !b.has(form) })
	switch len(there) {
	case 0:
		return MovementTarget{}, &Malformed{Field: groupOf(groupOf(forms[0].ID)), Reason: "is missing"}
	case 1:
		return there[0], nil
	}
	return MovementTarget{}, &Malformed{Field: groupOf(there[1].ID),
		Reason: "must not be given together with " + groupOf(there[0].ID)}
}

// has reports whether a body has a destination of this form, or a part of it.
func (b *body) has(target MovementTarget) bool {
	return b.of(target.ID).seen > 0 || b.of(target.Network).seen > 0 || b.of(groupOf(target.ID)).seen > 0
}

// groupOf returns the path of the object that a field stands in; the field itself if that is the body.
func groupOf(field string) string {
	if i := strings.LastIndexByte(field, '.'); i >= 0 {
		return field[:i]
	}
	return field
}

// readEndUsers reads whose money moves inside the profile.
func readEndUsers(p *Payment, o operation, read *body) error {
	for _, field := range o.EndUsers {
		if read.of(field).seen == 0 {
			continue
		}
		user := EndUser{Field: field}
		if err := readPlain(&user.ID, read, field); err != nil {
			return err
		}
		p.EndUsers = append(p.EndUsers, user)
	}
	return nil
}

// readPlain reads a field that must be there, and must read the same everywhere.
func readPlain(into *string, read *body, field string) error {
	*into = read.text(field)
	switch {
	case *into == "":
		return &Malformed{Field: field, Reason: "is missing"}
	case !isPlain(*into):
		return &Malformed{Field: field, Reason: "must have printable ASCII characters only, and no spaces"}
	}
	return nil
}
