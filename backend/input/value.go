package input

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"
)

// Limits on the values that callers may send.
const (
	maximumText     = 64 << 10 // bytes of a string; the longest that anybody needs is a CA bundle
	maximumElements = 1000     // of a list or map
	maximumSeconds  = 10 * 365 * 24 * 60 * 60
)

// What a value must be, for an error that begins with "<parameter> must be".
const (
	wantedDuration = "a duration such as 20m or a number of seconds, not negative, at most 10 years"
	wantedList     = "an array of strings, or one string with commas or spaces between them"
	wantedPairs    = `a map of strings, such as {"key": "value"}, or key=value pairs`
)

// checkValue returns what a value of this type must be, or "" if it is that.
func checkValue(kind framework.FieldType, value any) string {
	switch kind {
	case framework.TypeString, framework.TypeNameString:
		return textProblem(value, "a string")
	case framework.TypeBool:
		if text, ok := value.(string); ok {
			_, err := strconv.ParseBool(text)
			return unless(err == nil, "true or false")
		}
		_, ok := value.(bool)
		return unless(ok, "true or false")
	case framework.TypeInt:
		return unless(isWhole(value), "a whole number")
	case framework.TypeFloat:
		_, ok := asNumber(value)
		return unless(ok, "a number")
	case framework.TypeDurationSecond:
		return durationProblem(value)
	case framework.TypeCommaStringSlice:
		return listProblem(value)
	case framework.TypeKVPairs:
		return pairsProblem(value)
	}
	// A path with a field of another type is a mistake in the code, which a test of the path would
	// show.
	return "of a type that this plugin supports"
}

// unless returns what is wanted, or "" if the value is that.
func unless(ok bool, wanted string) string {
	if ok {
		return ""
	}
	return wanted
}

// textProblem accepts only strings: the SDK would turn a number or a list into one.
func textProblem(value any, wanted string) string {
	text, ok := value.(string)
	switch {
	case !ok:
		return wanted
	case len(text) > maximumText:
		return fmt.Sprintf("%s of at most %d bytes", wanted, maximumText)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return wanted + " in UTF-8 without NUL"
	}
	return ""
}

// asNumber reads a number as JSON, a query string or the command line writes it.
func asNumber(value any) (float64, bool) {
	switch number := value.(type) {
	case float64:
		return number, !math.IsNaN(number) && !math.IsInf(number, 0)
	case int:
		return float64(number), true
	case int64:
		return float64(number), true
	case json.Number:
		parsed, err := number.Float64()
		return parsed, err == nil
	case string:
		parsed, err := strconv.ParseFloat(number, 64)
		return parsed, err == nil && !math.IsNaN(parsed) && !math.IsInf(parsed, 0)
	}
	return 0, false
}

// isWhole reports whether a value is a whole number that the SDK reads as one. Of text, the SDK takes
// neither 1e3 nor 1.0, and takes 010 for 8, which nobody means.
func isWhole(value any) bool {
	text, written := value.(string)
	if number, ok := value.(json.Number); ok {
		text, written = number.String(), true
	}
	if written {
		decimal, err := strconv.ParseInt(text, 10, 32)
		read, other := strconv.ParseInt(text, 0, 32)
		return err == nil && other == nil && decimal == read && decimal >= -math.MaxInt32
	}
	number, ok := asNumber(value)
	return ok && number == math.Trunc(number) && math.Abs(number) <= math.MaxInt32
}

// durationProblem accepts what Vault reads as a duration, within limits.
func durationProblem(value any) string {
	switch value.(type) {
	case float64, int, int64, json.Number, string:
	default:
		return wantedDuration
	}
	if text, ok := value.(string); ok && (text == "" || len(text) > 32) {
		return wantedDuration
	}
	if number, ok := asNumber(value); ok && (number < 0 || number > maximumSeconds || number != math.Trunc(number)) {
		return wantedDuration
	}
	duration, err := parseutil.ParseDurationSecond(value)
	return unless(err == nil && duration >= 0 && duration.Seconds() <= maximumSeconds, wantedDuration)
}

// listProblem accepts an array of strings, and a string that Elements or StrictElements splits.
func listProblem(value any) string {
	var texts []string
	switch list := value.(type) {
	case string:
		texts = []string{list}
	case []string:
		texts = list
	case []any:
		for _, element := range list {
			text, ok := element.(string)
			if !ok {
				return wantedList
			}
			texts = append(texts, text)
		}
	default:
		return wantedList
	}
	for _, text := range texts {
		if problem := textProblem(text, wantedList); problem != "" {
			return problem
		}
	}
	if max(len(texts), len(Elements(texts))) > maximumElements {
		return fmt.Sprintf("%s, of at most %d elements", wantedList, maximumElements)
	}
	return ""
}

// pairsProblem accepts an object, and key=value as the command line writes a map.
func pairsProblem(value any) string {
	switch pairs := value.(type) {
	case map[string]any:
		if len(pairs) > maximumElements {
			return fmt.Sprintf("%s, of at most %d elements", wantedPairs, maximumElements)
		}
		for key, element := range pairs {
			if !isText(key) || !isText(element) {
				return wantedPairs
			}
		}
		return ""
	case string:
		return unless(isText(value) && isPair(pairs), wantedPairs)
	case []any:
		return pairListProblem(pairs)
	}
	return wantedPairs
}

// pairListProblem accepts key=value pairs with one value for each key. The command line sends them if
// a parameter is there twice; the SDK would take the last value of a key and not tell.
func pairListProblem(pairs []any) string {
	keys := map[string]bool{}
	for _, element := range pairs {
		text, _ := element.(string)
		key, _, _ := strings.Cut(text, "=")
		switch {
		case !isText(element) || !isPair(text):
			return wantedPairs
		case keys[key]:
			return wantedPairs + ", with each key once"
		}
		keys[key] = true
	}
	return unless(len(pairs) <= maximumElements, wantedPairs)
}

// isText reports whether a value is a string that may be stored.
func isText(value any) bool { return textProblem(value, "a string") == "" }

// isPair reports whether a text is key=value.
func isPair(text string) bool {
	key, _, ok := strings.Cut(text, "=")
	return ok && key != ""
}
