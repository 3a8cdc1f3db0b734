package spending_test

import (
	"testing"

	"vault-plugin-secrets-paxos/backend/spending"
)

func TestShareOfALimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		used, limit string
		want        float64
	}{
		{"0", "100", 0}, {"25", "100", .25}, {"100", "100", 1}, {"150", "100", 1.5},
		{"0.000000000000000001", "0.000000000000000004", .25},
		{"250000000000000000000000", "1000000000000000000000000", .25},
		{"0", "0", 1}, // nothing is left
	} {
		usage := spending.Usage{Limit: units(t, c.limit), Used: units(t, c.used)}
		if got := usage.Share(); got != c.want {
			t.Errorf("%s of %s is %v, want %v", c.used, c.limit, got, c.want)
		}
	}
}
