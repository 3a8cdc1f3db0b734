package payment

import (
	"encoding/json"
	"fmt"
)

// A walker goes through a text that encoding/json has found to be valid JSON. It is needed because
// encoding/json takes the last of two equal keys and does not tell.
type walker struct {
	text []byte
	at   int
	read *body
}

// shortestMember is the length of ,"a":1, the shortest that a member of an object can be.
const shortestMember = 6

// errDepth is what is wrong with a body that is too deep.
var errDepth = &Malformed{Field: "body", Reason: fmt.Sprintf("must not be nested more than %d deep", maximumDepth)}

// object reads an object. Within a field whose content is free, there is no shape of the object itself
// (nil), and within is the shape of that field.
func (w *walker) object(own, within *shape, depth int) error {
	if depth > maximumDepth {
		return errDepth
	}
	var keys keySet
	w.at++ // {
	for empty := true; !w.ends('}'); empty = false {
		if !empty {
			w.at++ // ,
			w.skipSpace()
		}
		key := w.key(own)
		w.skipSpace()
		w.at++ // :
		w.skipSpace()
		if why := keys.add(key, within.anyCase, (len(w.text)-w.at)/shortestMember); why != "" {
			return &Malformed{Field: fieldName(within, key), Reason: why}
		}
		if err := w.member(own, within, key, depth); err != nil {
			return err
		}
	}
	return nil
}

// member reads the value of a key.
func (w *walker) member(own, within *shape, key string, depth int) error {
	if own == nil {
		return w.free(within, depth)
	}
	if s, ok := own.members[key]; ok {
		return w.value(s, depth)
	}
	switch name, alias := own.spellings[canonical(key)]; {
	case alias:
		return &Malformed{Field: fieldName(own, key), Reason: "must be spelled " + name}
	case own.path != "":
		return &Malformed{Field: fieldName(own, key), Reason: "is a field that the operation does not have at this place"}
	}
	w.read.extra = append(w.read.extra, key)
	return w.free(&shape{path: fieldName(own, key)}, depth)
}

// value reads a value that has a shape.
func (w *walker) value(s *shape, depth int) error {
	read := &w.read.values[s.slot]
	read.seen++
	switch first := w.text[w.at]; {
	case s.use == forbidden:
		return &Malformed{Field: s.path,
			Reason: "must be left out: with it, the other fields do not show what the request moves"}
	case first == 'n':
		return &Malformed{Field: s.path, Reason: "must not be null: leave it out"}
	case s.use == judged && first != '"':
		return &Malformed{Field: s.path, Reason: "must be a string"}
	case s.use == inside && first != '{':
		return &Malformed{Field: s.path, Reason: "must be an object"}
	case s.use == eachOf && first != '[':
		return &Malformed{Field: s.path, Reason: "must be a list of objects"}
	case w.isEmpty():
		return &Malformed{Field: s.path, Reason: "must not be empty"}
	}
	switch s.use {
	case judged:
		read.texts = append(read.texts, w.string())
		return nil
	case inside:
		return w.object(s, s, depth+1)
	case eachOf:
		return w.list(s, depth+1)
	default:
		return w.free(s, depth)
	}
}

// list reads a list of objects of a shape.
func (w *walker) list(s *shape, depth int) error {
	seen := &w.read.values[s.slot].seen // counts the objects
	*seen = 0
	w.at++ // [
	for !w.ends(']') {
		if w.text[w.at] == ',' {
			w.at++
			w.skipSpace()
		}
		if w.text[w.at] != '{' {
			return &Malformed{Field: s.path, Reason: "must be a list of objects"}
		}
		*seen++
		if err := w.object(s, s, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// free reads a value of any content, so that its keys and its depth are judged.
func (w *walker) free(within *shape, depth int) error {
	switch w.text[w.at] {
	case '"':
		w.skipString()
		return nil
	case '{':
		return w.object(nil, within, depth+1)
	case '[':
		if depth+1 > maximumDepth {
			return errDepth
		}
		w.at++ // [
		for !w.ends(']') {
			if w.text[w.at] == ',' {
				w.at++
				w.skipSpace()
			}
			if err := w.free(within, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	w.skipWord()
	return nil
}

// ends reports whether an object or a list ends here, and passes its end if it does.
func (w *walker) ends(end byte) bool {
	w.skipSpace()
	if w.text[w.at] != end {
		return false
	}
	w.at++
	return true
}

// isEmpty reports whether an empty string, object or list stands here.
func (w *walker) isEmpty() bool {
	first := w.text[w.at]
	if first == '"' {
		return w.text[w.at+1] == '"'
	}
	ahead := walker{text: w.text, at: w.at + 1}
	return first == '{' && ahead.ends('}') || first == '[' && ahead.ends(']')
}

// skipSpace passes white space.
func (w *walker) skipSpace() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return
		}
	}
}

// skipWord passes a number, true, false or null.
func (w *walker) skipWord() {
	for w.at < len(w.text) {
		switch w.text[w.at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
		w.at++
	}
}

// skipString passes a string and reports whether it has escapes.
func (w *walker) skipString() bool {
	escaped := false
	for w.at++; w.text[w.at] != '"'; w.at++ {
		if w.text[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	return escaped
}

// string reads a string.
func (w *walker) string() string {
	start := w.at
	if !w.skipString() {
		return string(w.text[start+1 : w.at-1])
	}
	var text string
	_ = json.Unmarshal(w.text[start:w.at], &text) // cannot fail: the text is valid JSON
	return text
}

// key reads a key of an object.
func (w *walker) key(own *shape) string {
	start := w.at
	if w.skipString() || own == nil {
		w.at = start
		return w.string()
	}
	if s, ok := own.members[string(w.text[start+1:w.at-1])]; ok {
		return s.key // so that the key is not copied
	}
	return string(w.text[start+1 : w.at-1])
}

// fieldName returns the path of a key for an error. A key that does not look like one is not repeated.
func fieldName(within *shape, key string) string {
	switch {
	case !isName(key) && within.path == "":
		return "body"
	case !isName(key):
		return within.path
	case within.path == "":
		return key
	}
	return within.path + "." + key
}
