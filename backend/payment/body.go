package payment

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"
)

// maximumDepth is how deep objects and lists may stand in each other; the body itself is 1 deep.
const maximumDepth = 32

// A body is what was read from the body of a request.
type body struct {
	values []value        // by the slots of the shape
	slots  map[string]int // by the paths of the shape
	extra  []string       // top-level keys that the shape lacks
}

// A value is what was read of a field.
type value struct {
	seen  int      // how often it is there
	texts []string // one for each time, if the field is judged
}

// of returns what was read of a field; nothing if the shape lacks it.
func (b *body) of(field string) value {
	if slot, ok := b.slots[field]; ok {
		return b.values[slot]
	}
	return value{}
}

// text returns the text of a judged field; empty if it is not there.
func (b *body) text(field string) string {
	if texts := b.of(field).texts; len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// readBody reads a body of a shape. Every error is a *Malformed. An empty body has no fields.
func readBody(s *shape, text []byte) (*body, error) {
	read := &body{values: make([]value, len(s.slots)), slots: s.slots}
	if len(text) == 0 {
		return read, nil
	}
	if why := textProblem(text); why != "" {
		return nil, &Malformed{Field: "body", Reason: why}
	}
	w := walker{text: text, read: read}
	w.skipSpace()
	if err := w.object(s, s, 1); err != nil {
		return nil, err
	}
	return read, nil
}

// textProblem returns why a text is no JSON object, or not one that every reader understands in the
// same way; empty if it is one. Keys are not looked at.
func textProblem(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("\ufeff")):
		return "must not begin with a byte order mark"
	case !utf8.Valid(text):
		return "must be UTF-8"
	case !json.Valid(text):
		return "must be one JSON object and nothing else"
	case bytes.TrimLeft(text, " \t\r\n")[0] != '{':
		return "must be a JSON object"
	}
	return escapeProblem(text)
}

// escapeProblem returns what is wrong with an escape in valid JSON; empty if they all name characters.
func escapeProblem(text []byte) string {
	for {
		backslash := bytes.IndexByte(text, '\\')
		if backslash < 0 {
			return ""
		}
		text = text[backslash:]
		unit, isUnit := codeUnit(text)
		switch {
		case !isUnit:
			text = text[2:] // the escaped character may be a backslash
			continue
		case unit == 0:
			return `must not have the escape \u0000`
		case unit >= 0xdc00 && unit < 0xe000:
			return "must not have half of a surrogate pair"
		}
		text = text[6:]
		if unit >= 0xd800 && unit < 0xdc00 {
			low, ok := codeUnit(text)
			if !ok || low < 0xdc00 || low >= 0xe000 {
				return "must not have half of a surrogate pair"
			}
			text = text[6:]
		}
	}
}

// codeUnit returns the UTF-16 code unit of an escape such as \u0041 at the start of a text, and reports
// whether one is there.
func codeUnit(text []byte) (uint16, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var unit [2]byte
	if _, err := hex.Decode(unit[:], text[2:6]); err != nil {
		return 0, false
	}
	return uint16(unit[0])<<8 | uint16(unit[1]), true
}
