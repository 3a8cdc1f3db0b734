package backend_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"vault-plugin-secrets-paxos/backend/catalog"
	"vault-plugin-secrets-paxos/backend/payment"
	"vault-plugin-secrets-paxos/backend/signing"
)

// FuzzSignedBodies sends arbitrary bodies to a signer, and what is signed to a Paxos that reads
// leniently. Paxos must have understood each as the signer did, and never as more than the limit.
func FuzzSignedBodies(f *testing.F) {
	moving := paying()
	for i, m := range moving {
		for _, body := range writtenBodies(f, m) {
			f.Add(uint8(i), body.text)
			text, _ := amountOf(body)
			for _, more := range []string{`,"Amount":"101"`, `,"\u0061mount":"101"`, `,"total":"101"`,
				`,"metadata":{"amount":1}`, `,"destinationAddress":"0x"`,
				`,"legs":[{"direction":"DELIVER","asset":"USDC","amount":"101"}]`, `,"x":null`} {
				f.Add(uint8(i), strings.Replace(body.text, text, text+more, 1))
				f.Add(uint8(i), strings.TrimSuffix(body.text, "}")+more+"}")
			}
			f.Add(uint8(i), strings.Replace(body.text, text, member(body.amount, "100.000000000000000001"), 1))
		}
	}
	f.Fuzz(func(t *testing.T, index uint8, body string) {
		o, _ := catalog.LookupOperation(moving[int(index)%len(moving)].Operation)
		r, err := signing.NewRequest(o.Method, pathOf(o), []byte(body))
		if err == nil {
			_, err = payment.Read(r)
		}
		if err != nil || !utf8.ValidString(body) { // Vault takes JSON only
			return // no mount is made for what is not signed anyway
		}
		c := newCashier(t)
		c.allow(o.ID, "")
		if resp, err := c.try(o, pathOf(o), body); err != nil || resp.IsError() {
			return
		}
		executed := c.pays(o, pathOf(o), body)
		for _, amount := range strings.Split(executed.Amount, ",") {
			if value(amount).Cmp(value("100")) > 0 || value(amount).Sign() <= 0 {
				t.Errorf("%s: Paxos executed %+v", body, executed)
			}
		}
		if executed.Asset != paidAsset && executed.Asset != debited {
			t.Errorf("%s: Paxos executed %+v", body, executed)
		}
		if executed.Destination == "" || executed.Source != payer {
			t.Errorf("%s: Paxos executed %+v", body, executed)
		}
	})
}
