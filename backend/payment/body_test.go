package payment

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// transfer returns a good body with a text in place of its closing brace.
func transfer(end string) string {
	return `{"ref_id":"r","from_profile_id":"from-1","to_profile_id":"to-1","asset":"BTC","amount":"1"` + end
}

// TestStrictText checks texts that readers of JSON understand in different ways.
func TestStrictText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{transfer(`}`), " \t\r\n" + transfer(" \n} \n"),
		transfer(`,"metadata":{"a":"\ud83d\ude00\\u0000 \"\/\b"}}`),
		transfer(`,"metadata":{"Key":"1","k_ey":"2","key":{"KEY":1,"key":2}}}`), strings.Replace(transfer(`}`),
			"ref_id", `ref\u005fid`, 1),
		transfer(`,"metadata":{"a":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}}`),
		transfer(`,"metadata":` + strings.Repeat(`{"a":`, 31) + `1` + strings.Repeat(`}`, 31) + `}`),
	} {
		if p, err := Read(request(t, "CreateInternalTransfer", "", text)); err != nil ||
			p.Amounts[0].Value.String() != "1" || p.RefID != "r" {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
	for _, text := range []string{"\ufeff" + transfer(`}`), transfer(`} {}`), transfer(`}}`), transfer(`},`),
		transfer(`,}`), transfer(``),
		transfer(`} x`), "[" + transfer(`}]`), `"x"`, `null`, `7`, ` `, `{`, transfer(`,'a':1}`), transfer(`,a:1}`),
		transfer(`,"metadata":{"a":NaN}}`), transfer(`,"metadata":{"a":01}}`), transfer(`,"metadata":{"a":"` +
			"\x00" + `"}}`),
		transfer(`,"metadata":{"a":"` + "\n" +
			`"}}`), transfer(`,"metadata":{"a":"\u0000"}}`), transfer(`,"metadata":{"\u0000":"a"}}`),
		transfer(`,"metadata":{"a":"\ud800"}}`), transfer(`,"metadata":{"a":"\udc00"}}`),
		transfer(`,"metadata":{"a":"\ud800\ud800"}}`),
		transfer(`,"metadata":{"a":"\ud800\n"}}`), transfer(`,"metadata":{"a":"\ud800x\udc00"}}`),
		transfer(`,"metadata":{"a":"\uDBFF"}}`),
		transfer(`,"metadata":{"a":"` + "\xff" + `"}}`), transfer(`,"metadata":{"a":"` + "\xed\xa0\x80" +
			`"}}`), transfer(`/* c */}`),
		transfer(`,"metadata":{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}}`),
		transfer(`,"metadata":` + strings.Repeat(`{"a":`, 32) + `1` + strings.Repeat(`}`, 32) + `}`),
		transfer(`,"metadata":{"a":` + strings.Repeat("[", 3900) + strings.Repeat("]", 3900) + `}}`),
	} {
		wantMalformed(t, "CreateInternalTransfer", text, "body")
	}
}

// TestKeysTwice checks that no key is there twice, under whatever spelling.
func TestKeysTwice(t *testing.T) {
	t.Parallel()
	for text, field := range map[string]string{
		`,"amount":"1"}`:                                   "amount",
		`,"amount":"1000000"}`:                             "amount",
		`,"\u0061mount":"1000000"}`:                        "amount",
		`,"Amount":"1000000"}`:                             "Amount",
		`,"a_mount":"1000000"}`:                            "a_mount",
		`,"fromProfileId":"from-2"}`:                       "fromProfileId",
		`,"amount\u0131":"1","AMOUNT":"1"}`:                "AMOUNT",
		`,"x":1,"X":2}`:                                    "X",
		`,"x_y":1,"xY":2}`:                                 "xY",
		`,"metadata":{"a":1,"a":2}}`:                       "metadata.a",
		`,"metadata":{"a":1,"\u0061":2}}`:                  "metadata.a",
		`,"metadata":{"b":{"a":1,"a":2}}}`:                 "metadata.a",
		`,"recipient_metadata":{"b":[{"a":1,"a":2}]}}`:     "recipient_metadata.a",
		`,"metadata":{},"metadata":{"a":1}}`:               "metadata",
		`,"x":{"a":1,"A":2}}`:                              "x.A",
		`,"x":[[{"k":1,"\u212a":2}]]}`:                     "x",
		`,"x":{"metadata":{"a":1,"A":2}}}`:                 "x.A",
		`,"x y":{"a":1,"A":2}}`:                            "body.A",
		`,"x":{` + keys(40, "") + `,"k_7":1}}`:             "x.k_7",
		`,"metadata":{` + keys(40, "") + `,"k7":1}}`:       "metadata.k7",
		`,"metadata":{` + keys(8, "") + `,"k7":1}}`:        "metadata.k7",
		`,"metadata":{` + keys(9, "") + `,"k8":1,"k9":1}}`: "metadata.k8",
		`,"metadata":{` + keys(9, "") + `,"k0":1}}`:        "metadata.k0",
	} {
		wantMalformed(t, "CreateInternalTransfer", transfer(text), field)
	}
	for _, text := range []string{`,"x":{` + keys(40, "") + `}}`,
		`,"metadata":{` + keys(40, "") + `,` + keys(40, "_") + `}}`,
		`,"x":[{"a":1},{"a":1}]}`} {
		if _, err := Read(request(t, "CreateInternalTransfer", "", transfer(text))); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// keys returns as many members of an object.
func keys(count int, middle string) string {
	var all []string
	for i := range count {
		all = append(all, fmt.Sprintf(`"k%s%d":1`, middle, i))
	}
	return strings.Join(all, ",")
}

// TestErrorsRepeatNothing spoils a body whose every value is a canary, and looks for the canary in
// the errors.
func TestErrorsRepeatNothing(t *testing.T) {
	t.Parallel()
	const canary = "canary 4111-1111"
	policy := generous(t)
	count := 0
	for id, all := range bodies {
		for _, body := range all {
			m := operations()[id]
			for _, field := range m.Fields() {
				if body == "" {
					continue
				}
				for _, value := range []any{canary, "canary4111", canary + "\x00", "canary?memo=4111",
					[]any{canary}, map[string]any{canary: canary},
					map[string]any{"x": []any{map[string]any{canary: canary, strings.ToUpper(canary): canary}}}} {
					_, err := judge(t, policy, id, edited(t, body, field, value))
					if err == nil {
						continue
					}
					count++
					if strings.Contains(strings.ToLower(err.Error()), "canary") ||
						strings.Contains(err.Error(), "4111") {
						t.Errorf("%s %s: %v", id, field, err)
					}
				}
			}
		}
	}
	if count < 500 {
		t.Errorf("only %d errors", count)
	}
	for _, text := range []string{transfer(`,"` + canary + `":1}`), transfer(`,"` + canary + `":{"a":1,"A":1}}`),
		canary, `{"` + canary,
		transfer(`,"` + canary + `":1,"` + canary + `":1}`), transfer(`,"` + strings.Repeat("canary", 11) + `":1}`)} {
		_, err := judge(t, policy, "CreateInternalTransfer", text)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", text, err)
		}
		if malformed, refusal := new(Malformed), new(Refusal); !errors.As(err, &malformed) &&
			!errors.As(err, &refusal) {
			t.Errorf("%s: another error: %v", text, err)
		}
	}
}
