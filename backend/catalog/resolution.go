package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Resolution says which scopes allow some operations.
type Resolution struct {
	Scopes []string // sorted by name; includes those that are held anyway
	// for each of Scopes, the ids of the operations that need it, in the order of Operations
	NeededFor map[string][]string
}

// Resolve finds the least scopes that, together with those held anyway, allow all the operations,
// which are given by id. Where an operation accepts any one of several scopes, Resolve takes one that
// is held or needed anyway. If there is none, it takes the choice that opens the least: the fewest
// operations of the greatest risk, then of the next risk, then the fewest scopes.
//
// It returns an error for an operation that is unknown or needs no scope. The error speaks of a
// parameter called operations, because callers show it to the person who wrote that parameter.
func Resolve(operations, held []string) (Resolution, error) {
	return known().resolve(operations, held)
}

// resolve is Resolve in this catalogue.
func (c *catalogue) resolve(ids, held []string) (Resolution, error) {
	for _, id := range ids {
		if err := c.needsScope(id); err != nil {
			return Resolution{}, err
		}
	}
	var operations, choices []Operation // in the order of Operations, so that the order of ids makes no difference
	scopes := slices.Clone(held)
	for _, o := range c.operations {
		switch {
		case !slices.Contains(ids, o.ID):
			continue
		case o.AnyScope:
			choices = append(choices, o)
		default:
			scopes = append(scopes, o.Scopes...)
		}
		operations = append(operations, o)
	}
	return explain(operations, c.lightest(scopes, choices)), nil
}

// needsScope returns an error unless the operation exists and needs a scope.
func (c *catalogue) needsScope(id string) error {
	o, ok := c.operationByID[id]
	switch {
	case !ok:
		return unknownOperation(id, near(id, c.operationNames))
	case o.Access == Public:
		return fmt.Errorf("operations names %s, which is public and needs no token: leave it out", id)
	case o.Access == AnyToken:
		return fmt.Errorf("operations names %s, which any valid token may call without a scope: leave it out", id)
	}
	return nil
}

// unknownOperation returns the error for an id that the catalogue lacks, and asks whether one of
// the near names was meant.
func unknownOperation(id string, nearNames []string) error {
	text := fmt.Sprintf("operations names %.40q, which is not an operation of Paxos", id)
	if len(nearNames) > 0 {
		text += "; " + question(nearNames)
	}
	return errors.New(text)
}

// lightest adds a scope for each of the choices that the scopes do not allow yet, so that together
// they weigh least (see weigh). It tries every combination: only a few operations leave a choice,
// and TestFewChoices fails when they become too many for that.
func (c *catalogue) lightest(scopes []string, choices []Operation) []string {
	if len(choices) == 0 {
		return scopes
	}
	if choices[0].AllowedBy(scopes) { // one more scope could only weigh more
		return c.lightest(scopes, choices[1:])
	}
	var best []string
	for _, scope := range choices[0].Scopes {
		tried := c.lightest(append(slices.Clip(scopes), scope), choices[1:])
		if best == nil || slices.Compare(c.weigh(tried), c.weigh(best)) < 0 {
			best = tried
		}
	}
	return best
}

// weigh measures how much scopes allow: the number of operations that they open at each risk, the
// greatest risk first, then the number of scopes. An operation counts at the greatest risk of the
// scopes that open it, so that an added scope never makes a set lighter.
func (c *catalogue) weigh(scopes []string) []int {
	opened := make([]int, Admin+1)
	for _, o := range c.openedBy(scopes) {
		risk := Read
		for _, scope := range o.Scopes {
			if slices.Contains(scopes, scope) {
				risk = max(risk, c.riskOf(scope))
			}
		}
		opened[Admin-risk]++
	}
	opened[Admin] = len(scopes)
	return opened
}

// explain drops the scopes that none of the operations needs, and says for each of the others which
// operations need it. The scopes allow all the operations.
func explain(operations []Operation, scopes []string) Resolution {
	neededFor := map[string][]string{}
	for _, o := range operations {
		for _, scope := range o.Scopes {
			if slices.Contains(scopes, scope) {
				neededFor[scope] = append(neededFor[scope], o.ID)
				if o.AnyScope {
					break
				}
			}
		}
	}
	return Resolution{Scopes: slices.Sorted(maps.Keys(neededFor)), NeededFor: neededFor}
}
