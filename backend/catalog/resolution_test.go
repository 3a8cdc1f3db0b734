package catalog

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestResolve checks the least scopes for real operations.
func TestResolve(t *testing.T) {
	t.Parallel()
	const create, remove, update, write = "rewards:create_payout_groups", "rewards:delete_payout_groups",
		"rewards:update_payout_groups", "rewards:write_payout_groups"
	for name, test := range map[string]struct{ operations, held, want string }{
		"nothing":                  {"", "", ""},
		"nothing, but scopes held": {"", "a:b", ""},
		"two scopes": {"CreateOrchestration GetTransfer", "",
			"orchestration:write_orchestration transfer:read_transfer"},
		"one scope for two":          {"GetTransfer ListTransfers GetTransfer", "", "transfer:read_transfer"},
		"the narrower of two":        {"CreatePayoutGroup", "", create},
		"two narrow ones":            {"UpdatePayoutGroup CreatePayoutGroup", "", create + " " + update},
		"one that opens no more":     {"UpdatePayoutGroup DeletePayoutGroup CreatePayoutGroup", "", write},
		"the broad one is held":      {"CreatePayoutGroup", write, write},
		"a narrow one is held":       {"CreatePayoutGroup DeletePayoutGroup", remove, create + " " + remove},
		"an unrelated scope is held": {"CreatePayoutGroup", "a:b", create},
		"both alternatives are held": {"CreatePayoutGroup", write + " " + create, create},
		"what is held is not needed": {"GetTransfer", write, "transfer:read_transfer"},
		"the mint of the quick start": {"CreateOrchestration GetOrchestration ListProfiles", "",
			"funding:read_profile orchestration:read_orchestration orchestration:write_orchestration"},
	} {
		got, err := Resolve(strings.Fields(test.operations), strings.Fields(test.held))
		if err != nil || strings.Join(got.Scopes, " ") != test.want {
			t.Errorf("%s: %q %v, want %q", name, got.Scopes, err, test.want)
		}
	}
	got, _ := Resolve([]string{"ListTransfers", "CreatePayoutGroup", "GetTransfer"}, nil)
	want := map[string][]string{"transfer:read_transfer": {"ListTransfers", "GetTransfer"},
		create: {"CreatePayoutGroup"}}
	if !maps.EqualFunc(got.NeededFor, want, slices.Equal) {
		t.Errorf("needed for %v, want %v", got.NeededFor, want)
	}
}

// TestResolveEveryOperation resolves each operation alone. It needs one scope, which opens this
// operation and otherwise exactly those that accept the same scope.
func TestResolveEveryOperation(t *testing.T) {
	t.Parallel()
	for _, o := range Operations() {
		got, err := Resolve([]string{o.ID}, nil)
		if o.Access != WithScope {
			if err == nil || !strings.Contains(err.Error(), "operations names "+o.ID) ||
				!strings.Contains(err.Error(), "leave it out") {
				t.Errorf("%s, which needs no scope: %q %v", o.ID, got.Scopes, err)
			}
			continue
		}
		if err != nil || len(got.Scopes) != 1 || !o.AllowedBy(got.Scopes) {
			t.Errorf("%s: %q %v", o.ID, got.Scopes, err)
			continue
		}
		for _, other := range Operations() {
			accepts := slices.Contains(other.Scopes, got.Scopes[0])
			if beyond := slices.Contains(ids(Beyond(got.Scopes, []string{o.ID})),
				other.ID); beyond != (accepts && other.ID != o.ID) {
				t.Errorf("%s: %s is opened beyond: %t", o.ID, other.ID, beyond)
			}
		}
	}
}

// TestResolveRefuses checks the errors, which say the reason and what may have been meant.
func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	for operation, says := range map[string]string{
		"ListPrices": "operations names ListPrices, which is public and needs no " +
			"token: leave it out",
		"ListVasps": "operations names ListVasps, which any valid token may call without a " +
			"scope: leave it out",
		"GetTransfers": `operations names "GetTransfers", which is not an operation of Paxos; did you mean ` +
			`GetTransfer or`,
		"transfer:read_transfr":              `operations names "transfer:read_transfr", which is not an operation of Paxos`,
		"":                                   `operations names "", which is not an operation of Paxos`,
		"\n" + strings.Repeat("long ", 1000): `operations names "\nlong long`,
	} {
		got, err := Resolve([]string{"GetTransfer", operation}, nil)
		if err == nil || !strings.HasPrefix(err.Error(), says) || len(err.Error()) > 200 || got.Scopes != nil {
			t.Errorf("%.40q: %q %v", operation, got.Scopes, err)
		}
	}
}

// TestFewChoices checks that trying every combination of choices stays cheap.
func TestFewChoices(t *testing.T) {
	t.Parallel()
	combinations := 1
	for _, o := range Operations() {
		if o.AnyScope {
			combinations *= len(o.Scopes)
		}
	}
	if combinations > 1000 {
		t.Errorf("%d combinations of scopes would be tried for a role that names every operation", combinations)
	}
}

// TestResolveIsLeast makes random small catalogues and compares the result with every set of scopes:
// no set that allows the operations weighs less, no added scope can be dropped, and the order of the
// operations makes no difference.
func TestResolveIsLeast(t *testing.T) {
	t.Parallel()
	scopes := []string{"a:a", "a:b", "a:c", "a:d", "a:e"}
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 0))
		c := randomCatalogue(t, random, scopes)
		asked := slices.DeleteFunc(slices.Clone(c.operationNames), func(string) bool { return random.IntN(2) == 0 })
		held := slices.DeleteFunc(slices.Clone(scopes), func(string) bool { return random.IntN(4) > 0 })

		got, err := c.resolve(asked, held)
		if err != nil {
			t.Fatal(err)
		}
		together := union(held, got.Scopes)
		if !c.allows(together, asked) {
			t.Fatalf("seed %d: %q do not allow %q", seed, together, asked)
		}
		for chosen := range 1 << len(scopes) {
			other := held
			for i, scope := range scopes {
				if chosen>>i&1 == 1 {
					other = union(other, []string{scope})
				}
			}
			if c.allows(other, asked) && slices.Compare(c.openedByRisk(other), c.openedByRisk(together)) < 0 {
				t.Fatalf("seed %d: %q allow %q with %q held, and weigh less than %q", seed, other, asked, held,
					together)
			}
		}
		for _, scope := range got.Scopes {
			fewer := slices.DeleteFunc(slices.Clone(together), func(s string) bool { return s == scope })
			if !slices.Contains(held, scope) && c.allows(fewer, asked) || len(got.NeededFor[scope]) == 0 {
				t.Fatalf("seed %d: %s of %q is not needed", seed, scope, got.Scopes)
			}
		}
		slices.Reverse(asked)
		if again, _ := c.resolve(asked, held); !slices.Equal(again.Scopes, got.Scopes) {
			t.Fatalf("seed %d: %q, in another order %q", seed, got.Scopes, again.Scopes)
		}
	}
}

// randomCatalogue has a risk for each scope and up to six operations that need one, several, or one
// of several.
func randomCatalogue(t *testing.T, random *rand.Rand, names []string) *catalogue {
	t.Helper()
	var scopes []Scope
	for _, name := range names {
		scopes = append(scopes, Scope{Name: name, Risk: Read + Risk(random.IntN(4))})
	}
	var operations []Operation
	for i := range 1 + random.IntN(6) {
		accepted := make([]string, 1+random.IntN(3))
		for j, at := range random.Perm(len(names))[:len(accepted)] {
			accepted[j] = names[at]
		}
		operations = append(operations,
			Operation{ID: string(rune('A' + i)), Access: WithScope, Scopes: accepted, AnyScope: random.IntN(2) == 0})
	}
	c, err := newCatalogue(scopes, operations)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// allows says whether the scopes open all the operations, by a way of its own.
func (c *catalogue) allows(scopes, operations []string) bool {
	for _, id := range operations {
		o, found := c.operationByID[id], 0
		for _, scope := range o.Scopes {
			if slices.Contains(scopes, scope) {
				found++
			}
		}
		if found == 0 || !o.AnyScope && found < len(o.Scopes) {
			return false
		}
	}
	return true
}

// openedByRisk weighs scopes independently of weigh: the number of operations opened at admin,
// moves-money, write and read, then the number of scopes.
func (c *catalogue) openedByRisk(scopes []string) []int {
	weight := []int{0, 0, 0, 0, len(scopes)}
	for _, o := range c.operations {
		if !c.allows(scopes, []string{o.ID}) {
			continue
		}
		place := 3
		for _, scope := range o.Scopes {
			if slices.Contains(scopes, scope) {
				place = min(place, int(Admin-c.scopeByName[scope].Risk))
			}
		}
		weight[place]++
	}
	return weight
}

// union returns what is in one or in both, each once.
func union(one, other []string) []string {
	all := slices.Concat(one, other)
	slices.Sort(all)
	return slices.Compact(all)
}

// BenchmarkResolve resolves operations that include every one with a choice.
func BenchmarkResolve(b *testing.B) {
	operations := []string{"CreateOrchestration", "GetTransfer", "CreatePayoutGroup", "DeletePayoutGroup",
		"UpdatePayoutGroup"}
	for b.Loop() {
		if _, err := Resolve(operations, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpenedBy looks up what the scopes of a documented use case open.
func BenchmarkOpenedBy(b *testing.B) {
	set, _ := LookupSet("mint-redeem-convert")
	for b.Loop() {
		OpenedBy(set.Scopes...)
	}
}

// BenchmarkRiskOf looks up the risk of a scope.
func BenchmarkRiskOf(b *testing.B) {
	for b.Loop() {
		RiskOf("transfer:write_crypto_withdrawal")
	}
}
