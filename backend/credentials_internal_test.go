package backend

import (
	"slices"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/signing"
)

// TestQuestionsCanBeSigned divides Client IDs of any length. Every question fits into a path that can be
// signed, with the root client, and Client IDs as long as Paxos's need no more questions than Paxos allows.
func TestQuestionsCanBeSigned(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ ids, length, questions int }{
		{0, 36, 0}, {1, 36, 1}, {99, 36, 1}, {100, 36, 2}, {198, 36, 2}, {199, 36, 3}, {99, 128, 3}, {3, 1000, 1},
	} {
		clientIDs := slices.Repeat([]string{strings.Repeat("a", test.length)}, test.ids)
		all := questions(clientIDs)
		if len(all) != test.questions || !slices.Equal(slices.Concat(all...), clientIDs) {
			t.Errorf("%+v: %d questions", test, len(all))
		}
		for _, ids := range all {
			target := "/v2/api-creds/credentials?limit=100&statuses=APPROVED&statuses=DISABLED&client_ids=" +
				strings.Join(append(ids, "root"), "&client_ids=")
			if _, err := signing.NewRequest("GET", target, nil); err != nil || len(ids) >= paxos.MaximumClientIDs {
				t.Errorf("%+v: a question for %d: %v", test, len(ids), err)
			}
		}
	}
}
