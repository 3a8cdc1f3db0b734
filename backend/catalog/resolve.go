package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Resolution says which scopes allow some operations.
type Resolution struct {
	Scopes    []string            // in order of name, the ones that are held anyway among them
	NeededFor map[string][]string // by each of Scopes, the ids of the operations it is for, in Paxos's order
}

// Resolve finds the least scopes that, with those held anyway, allow all the operations, which are
// named by id. Where an operation accepts one of several scopes, it takes one that is held or
// needed anyway, else the choice that opens the least: fewest operations of the greatest risk, then
// of the next, then fewest scopes.
//
// An operation that is unknown, or that needs no scope, is refused with the reason; the errors
// speak of a parameter called operations.
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
	var operations, choices []Operation // in Paxos's order, so that the order of ids makes no difference
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

// needsScope refuses an operation that no scope opens, with the reason.
func (c *catalogue) needsScope(id string) error {
	o, ok := c.operationByID[id]
	switch {
	case !ok:
		return fmt.Errorf("operations names %.40q, which is not an operation of Paxos%s", id,
			suggestion(near(id, c.operationNames)))
	case o.Access == Public:
		return fmt.Errorf("operations names %s, which is public and needs no token: leave it out", id)
	case o.Access == AnyToken:
		return fmt.Errorf("operations names %s, which needs no scope and takes any live token: leave it out", id)
	}
	return nil
}

// suggestion asks whether one of the names was meant.
func suggestion(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}

// lightest adds to the scopes what the choices still need, so that together they weigh least. It
// tries every combination: Paxos has three operations that leave a choice, of two scopes each.
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

// weigh measures what scopes give away: the number of operations they open at each risk, the
// greatest risk first, then the number of scopes. An operation counts at the greatest risk of the
// scopes that open it, so that no added scope makes a set lighter.
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

// explain keeps of the scopes, which allow the operations, those that the operations are in need of.
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
