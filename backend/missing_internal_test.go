package backend

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBisect draws clients that lack scopes, and checks that what is told is true, that nothing is
// forgotten, and that it costs no more than it may; and that one missing scope of many is always
// found.
func TestBisect(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		scopes := make([]string, 1+random.IntN(67))
		for i := range scopes {
			scopes[i] = fmt.Sprint("scope:", i)
		}
		lacks := map[string]bool{}
		for range 1 + random.IntN(3) {
			lacks[scopes[random.IntN(len(scopes))]] = true
		}
		broken, questions := random.IntN(20), 0
		missing, suspects := bisect(scopes, func(some []string) (bool, error) {
			if questions++; questions > mostQuestions {
				t.Fatal("it asks too much")
			}
			if questions == broken {
				return false, errors.New("no answer")
			}
			return !slices.ContainsFunc(some, func(scope string) bool { return lacks[scope] }), nil
		})
		for _, scope := range missing {
			if !lacks[scope] {
				t.Fatalf("%s is said to be missing", scope)
			}
		}
		for scope := range lacks {
			if !slices.Contains(missing, scope) && !slices.Contains(suspects, scope) {
				t.Fatalf("%s is forgotten: missing %v, suspects %v", scope, missing, suspects)
			}
		}
		if len(lacks) == 1 && len(scopes) <= 16 && broken > mostQuestions && len(missing) != 1 {
			t.Fatalf("one of %d is not found: suspects %v", len(scopes), suspects)
		}
	}
}
