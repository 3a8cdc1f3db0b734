package report_test

import (
	"time"

	"vault-plugin-secrets-paxos/backend/report"
)

// ofKeys are changes of the keys that sign.
var ofKeys = []deserving{
	{"a key that signs", func(f *report.Facts) { addKey(f, "payments", "root", rootID) }, nil},
	{"a key without a Key ID", func(f *report.Facts) {
		k := addKey(f, "payments", "root", rootID)
		k.KeyID, k.Latest, k.Waiting = "", 2, now.Add(-100*day)
	}, []want{
		{"medium key-not-registered keys/payments", "client=root; client_id=root-id",
			"vault read paxos/keys/payments\n# in the Paxos Dashboard, Admin > API Management: add the public key of " +
				"version 2 to client root-id; then use the Key ID that is shown there in the next command\n" +
				"vault write paxos/keys/payments/kid version=2 'kid=<Key ID>'", ""},
	}},
	{"a key whose client is not stored", func(f *report.Facts) {
		addKey(f, "early", "clients/later", "").KeyID = ""
	}, nil},
	{"a rotation that waits for 3 days", func(f *report.Facts) {
		k := addKey(f, "payments", "root", rootID)
		k.Latest, k.Waiting = 2, now.Add(-3*day)
	}, nil},
	{"a rotation that waits for longer", func(f *report.Facts) {
		k := addKey(f, "payments", "root", rootID)
		k.Latest, k.Waiting = 2, now.Add(-3*day-time.Second)
	}, []want{
		{"info key-version-waiting keys/payments", "version=2; created_at=2026-10-29T11:59:59Z",
			"\nvault write paxos/keys/payments/kid version=2 'kid=<Key ID>'", ""},
	}},
	{"a key that cannot be read", func(f *report.Facts) { f.UnreadableKeys = []string{"broken"} }, []want{
		{"medium entry-unreadable keys/broken", "", "# upgrade the plugin", ""},
	}},
	{"public keys of which one is held here", func(f *report.Facts) {
		addKey(f, "payments", "root", rootID)
		listed(f).PublicKeys = []string{"payments-kid ED25519 active", "payments-kid-2 ED25519 active"}
	}, []want{
		{"info public-keys credential root-id", "payments-kid-2 ED25519 active", "# find the owner of each key",
			"delete the keys that nobody owns"},
	}},
	{"a public key that is held here for another client", func(f *report.Facts) {
		addKey(f, "payments", "clients/two", "two-id")
		listed(f).PublicKeys = []string{"payments-kid ED25519 active"}
	}, []want{
		{"info public-keys credential root-id", "payments-kid ED25519 active", "# find the owner of each key",
			"delete the keys that nobody owns"},
	}},
	{"public keys that are all held here", func(f *report.Facts) {
		addKey(f, "payments", "root", rootID)
		listed(f).PublicKeys = []string{"payments-kid ED25519 active"}
	}, nil},
}
