package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// maximumNear is how many near matches are offered at most.
const maximumNear = 3

// NearScopes lists the scopes that an unknown one may have been meant to be, the nearest first: for
// event:read_event, as Paxos's own examples misspell it, events:read_event.
func NearScopes(name string) []string { return near(name, known().scopeNames) }

// NearOperations lists the ids of the operations that an unknown id may have been meant to be, the
// nearest first.
func NearOperations(id string) []string { return near(id, known().operationNames) }

// Near lists the names that an unknown one may have been meant to be, the nearest first, for names
// that the catalogue has nothing to do with.
func Near(name string, names []string) []string { return near(name, names) }

// near lists the names at most a quarter of whose letters differ, whatever their case, the nearest
// first.
func near(mistaken string, names []string) []string {
	type match struct {
		name     string
		distance int
	}
	var matches []match
	for _, name := range names {
		most := len(name) / 4
		if len(mistaken) > len(name)+most {
			continue // too long to be near, and perhaps to be compared in any time
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

// distance is Levenshtein's: how many bytes must be put in, taken out or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the part of a seen so far, to each beginning of b
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
