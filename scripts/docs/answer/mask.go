package answer

import (
	"regexp"
	"strings"
)

// A kind is a kind of value that differs from run to run.
type kind string

// The kinds that are compared by a rule of their own. All others are ids: where a page shows one id twice,
// the run must have printed one id twice.
const (
	moment   kind = "time"
	duration kind = "duration"
	seconds  kind = "seconds"
	random   kind = "random_seconds" // times that the engine spreads, so that readers do not come together
	unix     kind = "unix_time"

	hash       kind = "hex"
	vaultToken kind = "vault_token"
)

// base64url are the characters of random texts; a page may end one early with an ellipsis.
const base64url = `[A-Za-z0-9_-]`

// shortened ends the name of a pattern for values of the kind before it, of which a page shows the beginning.
const shortened = "_shortened"

// anyDuration is a number of seconds, or a duration as tables have it: 59m58s, and 59m in one of 60 runs.
const anyDuration = `\d+(?:h(?:\d+m)?(?:\d+s)?|m(?:\d+s)?|s)?`

// The values that differ from run to run. The named group is the value; what is around it in the pattern
// says where such a value may be, and is compared. Earlier patterns come first.
var patterns = []string{
	`(?P<public_key>-----BEGIN PUBLIC KEY-----(?:\s|\\n|[A-Za-z0-9+/=…])+-----END PUBLIC KEY-----)`,
	`\b(?P<jws>eyJ` + base64url + `+(?:…|\.(?:` + base64url + `+)?\.` + base64url + `+…?))`,
	`\b(?P<vault_token>hv[sbr]\.` + base64url + `{4,}…?)`,
	`(?:^|[^A-Za-z0-9_.-])(?P<access_token>` + base64url + `{43}\.` + base64url + `{43})`,
	`(?:\baccess_token"?(?: +|[:=] ?)"?|\bBearer )(?P<access_token_shortened>` + base64url + `{4,43}…)`,
	`\bclient_secret"?(?: +|[:=] ?)"?(?P<client_secret>` + base64url + `{43}\b|` + base64url + `{4,42}…)`,
	`(?i:accessor)"?(?: +|[:=] ?)"?(?P<accessor>[A-Za-z0-9]{24})\b`,
	`\b[a-z-]+_(?P<mount>[0-9a-f]{8})\b`,
	`/(?P<lease>[A-Za-z0-9]{24})\b`,
	`\b(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b`,
	`\b(?P<hex>[0-9a-f]{64}|[0-9a-f]{32})\b`,
	`\b(?P<hex_shortened>[0-9a-f]{4,63}…)`,
	`\b(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))`,
	`\b(?P<unix_time>1[789]\d{8})\b`,
	`\b(?P<duration>(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?s)\b`,
	`\b(?:lease_duration|expires_in|token_lifetime)"?(?: +|[:=] ?)"?(?P<seconds>` + anyDuration + `)\b`,
	`\b(?:ttl|rotation_period)"?(?: +|[:=] ?)"?(?P<random_seconds>` + anyDuration + `)\b`,
}

var values = regexp.MustCompile(strings.Join(patterns, "|"))

// A value is a value that differs from run to run.
type value struct {
	kind kind
	text string
}

// A word is what is between white space. Its text has the kind of each value in place of it.
type word struct {
	text   string
	values []value
	begins bool // whether it is the first of its line
}

// mark stands for a value while a text is split into words. No answer has this character.
const mark = "\x00"

// words splits a text.
func words(text string) []word {
	masked, found := mask(text)
	var all []word
	for line := range strings.Lines(masked) {
		for i, field := range strings.Fields(line) {
			w := word{begins: i == 0}
			for _, piece := range strings.SplitAfter(field, mark) {
				literal, isValue := strings.CutSuffix(piece, mark)
				w.text += literal
				if isValue {
					w.text += "<" + string(found[0].kind) + ">"
					w.values, found = append(w.values, found[0]), found[1:]
				}
			}
			all = append(all, w)
		}
	}
	return all
}

// mask replaces the values in a text by mark, and returns them.
func mask(text string) (masked string, found []value) {
	text = strings.ReplaceAll(text, mark, "\uFFFD")
	var b strings.Builder
	end := 0
	for _, match := range values.FindAllStringSubmatchIndex(text, -1) {
		for group, name := range values.SubexpNames() {
			if first := match[2*group]; name != "" && first >= 0 {
				b.WriteString(text[end:first] + mark)
				end = match[2*group+1]
				found = append(found, value{kind(strings.TrimSuffix(name, shortened)), text[first:end]})
			}
		}
	}
	return b.String() + text[end:], found
}

// original returns the word as it was written.
func (w word) original() string {
	text := w.text
	for _, v := range w.values {
		text = strings.Replace(text, "<"+string(v.kind)+">", v.text, 1)
	}
	return text
}

// line returns the first words, as they were written.
func line(all []word) string {
	const most = 12
	var texts []string
	for _, w := range all[:min(most, len(all))] {
		texts = append(texts, w.original())
	}
	return strings.Join(texts, " ")
}
