package payment

import (
	"strings"
	"sync"

	"vault-plugin-secrets-paxos/backend/catalog"
)

// use says what is read from a value of the body.
type use int

// The uses.
const (
	inside    use = iota // an object whose members are judged
	eachOf               // a list of such objects
	judged               // a string
	ignored              // any value that is not null or empty
	forbidden            // nothing: the value must not be there
)

// A shape is what a body must look like, from one of its values downwards.
type shape struct {
	key       string // of the value in its object
	path      string // of the value in the body, as in the catalogue; empty for the body itself
	use       use
	members   map[string]*shape // by key; only for inside and eachOf
	spellings map[string]string // the keys of members by their canonical form
	slot      int               // the place of what is read of the value; see body
	slots     map[string]int    // the places of all values, by their path
	anyCase   bool              // keys inside may differ by case or _ only, because they are the caller's
}

// An operation is what the catalogue knows of an operation that moves money, with the shape of its
// body.
type operation struct {
	catalog.Movement
	body *shape
}

// operations are the operations of the catalogue that move money or decide where it goes, by their id.
var operations = sync.OnceValue(func() map[string]operation {
	byID := map[string]operation{}
	for _, m := range catalog.Movements() {
		byID[m.Operation] = operation{Movement: m, body: shapeOf(m)}
	}
	return byID
})

// shapeOf returns the shape of the body of an operation.
func shapeOf(m catalog.Movement) *shape {
	top := newShape("", "", inside)
	uses := map[string]use{}
	for _, field := range m.Fields() {
		uses[field] = judged
	}
	for _, field := range m.Other {
		if !strings.Contains(field, "[].") { // what stands beside an amount in a list says which way it goes
			uses[field] = ignored
		}
	}
	for _, field := range m.Forbidden {
		uses[field] = forbidden
	}
	for field, means := range uses {
		leaf := top.at(field)
		leaf.use = means
		leaf.anyCase = field == "metadata" || field == "recipient_metadata"
	}
	top.number(map[string]int{})
	return top
}

// number gives every shape its place.
func (s *shape) number(slots map[string]int) {
	s.slot, s.slots = len(slots), slots
	slots[s.path] = s.slot
	for _, member := range s.members {
		member.number(slots)
	}
}

// newShape returns a shape without members.
func newShape(key, path string, use use) *shape {
	return &shape{key: key, path: path, use: use, members: map[string]*shape{}, spellings: map[string]string{}}
}

// at returns the shape of a field, and makes it and those above it where they are missing.
func (s *shape) at(field string) *shape {
	key, rest, nested := strings.Cut(field, ".")
	use, path := inside, key
	if name, list := strings.CutSuffix(key, "[]"); list {
		key, use = name, eachOf
	}
	if s.path != "" {
		path = s.path + "." + path
	}
	member, ok := s.members[key]
	if !ok {
		member = newShape(key, path, use)
		s.members[key], s.spellings[canonical(key)] = member, key
	}
	if nested {
		return member.at(rest)
	}
	return member
}
