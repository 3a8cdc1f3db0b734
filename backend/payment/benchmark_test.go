package payment

import (
	"fmt"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/signing"
)

// BenchmarkJudge reads bodies of 8 KiB, the longest that can be signed, and checks them with a
// policy that has 100 destinations.
func BenchmarkJudge(b *testing.B) {
	fill := func(unit string) string {
		const room = signing.MaximumBody - 120
		return strings.TrimSuffix(strings.Repeat(unit, room/len(unit)), ",")
	}
	var members strings.Builder
	for i := 0; members.Len() < signing.MaximumBody-140; i++ {
		fmt.Fprintf(&members, `%s"%x":1`, strings.Repeat(",", min(i, 1)), i)
	}
	for name, body := range map[string]string{
		"short":   transfer(`}`),
		"text":    transfer(`,"metadata":{"a":"` + fill("x") + `"}}`),
		"escapes": transfer(`,"metadata":{"a":"` + fill(`\u00e9`) + `"}}`),
		"pairs":   transfer(`,"metadata":{"a":[` + fill(`{"key":"value"},`) + `]}}`),
		"numbers": transfer(`,"metadata":{"a":[` + fill(`1,`) + `]}}`),
		"keys":    transfer(`,"metadata":{` + members.String() + `}}`),
		"legs": `{"ref_id":"r","source_profile_id":"from-1","target_profile_id":"to-1","legs":[` +
			fill(`{"direction":"DELIVER","asset":"BTC","amount":"0.1"},`) + `]}`,
	} {
		id := "CreateInternalTransfer"
		if name == "legs" {
			id = "CreateTransaction"
		}
		policy := generous(b)
		for i := range 100 {
			policy.Destinations = append([]string{fmt.Sprintf("crypto:ETHEREUM:0x%040x", i)}, policy.Destinations...)
		}
		r := request(b, id, "", body)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := Read(r)
				if err == nil {
					err = policy.Check(p)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
