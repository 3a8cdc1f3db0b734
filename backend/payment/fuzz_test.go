package payment

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/signing"
)

// FuzzBody reads arbitrary bodies. What is accepted must mean the same to encoding/json, which
// takes the last of two equal keys and ignores case: no key is there twice under any spelling,
// every key is a known one or reported as extra, what was read is what encoding/json reads, and
// written by it, it is the same payment.
func FuzzBody(f *testing.F) {
	movements := catalog.Movements()
	for i, m := range movements {
		for _, body := range bodies[m.Operation] {
			f.Add(uint8(i), []byte(body))
		}
	}
	for _, end := range []string{`,"Amount":"2"}`, `,"\u0061mount":"2"}`, `,"x":{"a":1,"A":2}}`,
		`,"metadata":{"a":1,"A":"\ud83d\ude00"}}`,
		`,"metadata":{"a":"\ud800"}}`} {
		f.Add(uint8(2), []byte(transfer(end)))
	}
	f.Fuzz(func(t *testing.T, index uint8, text []byte) {
		m := movements[int(index)%len(movements)]
		r := request(t, m.Operation, "", "")
		r.Body = text
		p, err := Read(r)
		if err != nil {
			var malformed *Malformed
			if !errors.As(err, &malformed) || !reflect.DeepEqual(p, Payment{}) {
				t.Errorf("another error: %v, with %+v", err, p)
			}
			return
		}
		if len(text) == 0 {
			return
		}
		if err := keysOf(json.NewDecoder(bytes.NewReader(text)), nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var tree map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&tree); err != nil {
			t.Fatal(err)
		}
		if _, err := decoder.Token(); err != io.EOF {
			t.Errorf("%s: more after the body", text)
		}
		checkAgainst(t, m, p, tree)
		again, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Read(signing.Request{Operation: r.Operation, Path: r.Path, Body: again})
		slices.Sort(p.ExtraFields)
		slices.Sort(second.ExtraFields)
		if err != nil || !reflect.DeepEqual(p, second) {
			t.Errorf("%s is %+v, written as %s it is %+v, %v", text, p, again, second, err)
		}
	})
}

// checkAgainst compares a payment with the tree that encoding/json made of its body.
func checkAgainst(t *testing.T, m catalog.Movement, p Payment, tree map[string]any) {
	t.Helper()
	for key, value := range tree {
		known := slices.ContainsFunc(m.Fields(), func(field string) bool {
			return field == key || strings.HasPrefix(field, key+".") || strings.HasPrefix(field, key+"[].")
		})
		if known == slices.Contains(p.ExtraFields, key) || known && value == nil {
			t.Errorf("%s: %q, known %t, extra %q", m.Operation, key, known, p.ExtraFields)
		}
	}
	at := func(path string) any {
		var value any = tree
		for key := range strings.SplitSeq(path, ".") {
			object, _ := value.(map[string]any)
			value = object[key]
		}
		return value
	}
	if !m.InPath && m.Source != "" && at(m.Source) != p.Source || m.RefID != "" && at(m.RefID) != p.RefID {
		t.Errorf("%s: the source is %q, the ref_id %q", m.Operation, p.Source, p.RefID)
	}
	for _, amount := range p.Amounts {
		if !strings.Contains(amount.Field, "[]") &&
			(at(amount.Field) != amount.Value.String() || at(amount.AssetField) != amount.Asset) {
			t.Errorf("%s: %s %s", m.Operation, amount.Value, amount.Asset)
		}
	}
	for _, target := range m.Destinations {
		if at(target.ID) != nil && (at(target.ID) != p.Destination.ID ||
			target.Network != "" && at(target.Network) != p.Destination.Network) {
			t.Errorf("%s: the destination is %s", m.Operation, p.Destination)
		}
	}
}

// errTwice is what keysOf says of a key that is there twice.
var errTwice = errors.New("a key is there twice")

// keysOf reads a value and checks the keys in it; names leads to it.
func keysOf(decoder *json.Decoder, names []string) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('['):
		for decoder.More() {
			if err := keysOf(decoder, append(names, "")); err != nil {
				return err
			}
		}
		_, err = decoder.Token()
	case json.Delim('{'):
		var earlier []string
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			name := key.(string)
			callers := len(names) > 0 && (names[0] == "metadata" || names[0] == "recipient_metadata")
			if slices.ContainsFunc(earlier, func(other string) bool {
				return other == name || !callers &&
					strings.EqualFold(strings.ReplaceAll(other, "_", ""), strings.ReplaceAll(name, "_", ""))
			}) {
				return errTwice
			}
			earlier = append(earlier, name)
			if err := keysOf(decoder, append(names, name)); err != nil {
				return err
			}
		}
		_, err = decoder.Token()
	}
	return err
}
