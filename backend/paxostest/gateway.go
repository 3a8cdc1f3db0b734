package paxostest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// errNotObject reports a body that is not one JSON object.
var errNotObject = errors.New("the body is not one JSON object")

// decodeBody reads a JSON object in the way of a gateway between JSON and Protocol Buffers, which Paxos
// probably has: it takes lowerCamelCase for snake_case and null for absent, ignores what it does not
// know, and the last of several equal fields counts. The object that it returns has names in snake_case
// only. An empty body is an empty object.
func decodeBody(body []byte) (map[string]any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	if !json.Valid(body) { // so that the decoder below meets no error, and no nesting beyond 10,000
		return nil, errNotObject
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	object, ok := decodeValue(decoder, snakeCase).(map[string]any)
	if !ok {
		return nil, errNotObject
	}
	return object, nil
}

// decodeValue reads the next value of valid JSON. The function name returns the name of a field by the
// name in the JSON text.
func decodeValue(decoder *json.Decoder, name func(string) string) any {
	token, _ := decoder.Token() // it is valid JSON, so this and the following calls cannot fail
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for decoder.More() {
			key, _ := decoder.Token()
			field := name(key.(string)) // the key of valid JSON is a string
			inner := name
			if strings.HasSuffix(field, "metadata") {
				inner = strings.Clone // the customer's own names
			}
			if value := decodeValue(decoder, inner); value != nil {
				object[field] = value
			}
		}
		_, _ = decoder.Token()
		return object
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			list = append(list, decodeValue(decoder, name))
		}
		_, _ = decoder.Token()
		return list
	}
	return token
}

// snakeCase returns a name of lowerCamelCase in snake_case. It leaves other names unchanged.
func snakeCase(name string) string {
	if strings.Contains(name, "_") || name == "" || unicode.IsUpper(rune(name[0])) {
		return name
	}
	var out strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// textAt returns the text at a path of names with dots in between; empty if it is absent. A value of
// another type is an error that names the path.
func textAt(object map[string]any, path string) (string, error) {
	first, rest, nested := strings.Cut(path, ".")
	value, present := object[first]
	if !present {
		return "", nil
	}
	if nested {
		inner, ok := value.(map[string]any)
		if !ok {
			return "", fmt.Errorf("%s: not an object", first)
		}
		return textAt(inner, rest)
	}
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%s: not a string", path)
	}
	return text, nil
}
