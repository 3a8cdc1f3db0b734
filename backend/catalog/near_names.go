package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// maximumNear is how many near names are returned at most.
const maximumNear = 3

// NearScopes returns up to three scopes that an unknown name may be a misspelling of, the nearest
// first: events:read_event for event:read_event, which stands in Paxos's own examples.
func NearScopes(name string) []string { return near(name, known().scopeNames) }

// NearOperations returns the ids of up to three operations that an unknown id may be a misspelling
// of, the nearest first.
func NearOperations(id string) []string { return near(id, known().operationNames) }

// Near returns up to three of the names that an unknown one may be a misspelling of, the nearest
// first. The names need not come from the catalogue.
func Near(name string, names []string) []string { return near(name, names) }

// near returns the names that differ in at most a quarter of their letters, ignoring case.
func near(mistaken string, names []string) []string {
	type match struct {
		name     string
		distance int
	}
	var matches []match
	for _, name := range names {
		most := len(name) / 4
		if len(mistaken) > len(name)+most {
			continue // too long to be near; comparing a very long text would take minutes
		}
		if d := distance(strings.ToLower(mistaken), strings.ToLower(name)); d <= most {
			matches = append(matches, match{name, d})
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(a.distance, b.distance) })
	var nearest []string
	for _, m := range matches[:min(len(matches), maximumNear)] {
		nearest = append(nearest, m.name)
	}
	return nearest
}

// distance is the Levenshtein distance: how many bytes must be inserted, removed or replaced to turn a
// into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // distances of the part of a read so far to each prefix of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// DidYouMean returns a question in parentheses, such as " (did you mean a:b or a:c?)", that follows an
// unknown name in an error. It is empty if there are no near names.
func DidYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + question(names) + ")"
}

// question asks whether one of the names was meant.
func question(names []string) string { return "did you mean " + strings.Join(names, " or ") + "?" }
