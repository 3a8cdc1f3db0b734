package main

import (
	"strings"
	"testing"
)

func TestBudgetsThatPaxosWouldPunishAreRefused(t *testing.T) {
	t.Parallel()
	for _, budget := range []string{"0", "-1", "301"} {
		if err := run([]string{"-token-budget", budget}); err == nil ||
			!strings.Contains(err.Error(), "between 1 and 300") {
			t.Errorf("-token-budget %s: %v", budget, err)
		}
	}
}
