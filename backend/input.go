package backend

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Bounds on any parameter of any path.
const (
	maximumText     = 64 << 10 // bytes of a string; a CA bundle is the longest there is
	maximumElements = 1000     // of a list or map
	maximumName     = 128      // bytes of a name in a path
	maximumSeconds  = 10 * 365 * 24 * 60 * 60
)

// checkInput judges what the caller sent before anything reads it: the names in the
// path, that every parameter is one of the path's, and that every value has its
// type. The errors name the parameter and what would be right, never the value.
func checkInput(path *framework.Path, req *logical.Request) error {
	if err := checkNames(path, req.Path); err != nil {
		return err
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(req.Data)) {
		field, ok := path.Fields[name]
		if !ok {
			if instead, removed := removedParameters[strings.Trim(path.Pattern, "^$")][name]; removed {
				return fmt.Errorf("%s was removed: %s", name, instead)
			}
			unknown = append(unknown, excerpt(name))
			continue
		}
		if req.Data[name] == nil && req.Operation == logical.PatchOperation {
			continue // JSON merge patch (RFC 7396): null gives the default back
		}
		wrong := checkValue(field.Type, req.Data[name])
		if bounds, ok := durationBounds[name]; ok && !bounds.admit(req.Data[name]) {
			wrong = bounds.String()
		}
		if wrong != "" {
			return fmt.Errorf("%s must be %s", name, wrong)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("unknown parameter %s; this path knows: %s",
			strings.Join(unknown[:min(len(unknown), 5)], ", "), known(path))
	}
	return nil
}

// removedParameters says by the pattern of a path what takes the place of a parameter that it once had.
var removedParameters = map[string]map[string]string{
	"config": {"standby_clients": "store the client under clients/ with purpose=standby instead"},
}

// known lists the parameters a path takes in its body or query.
func known(path *framework.Path) string {
	var names []string
	for name := range path.Fields {
		if !strings.Contains(path.Pattern, "<"+name+">") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// nameGrammar is that of the SDK's TypeNameString. Case is kept: a name that
// differs from what a policy says only in case is another name.
var nameGrammar = regexp.MustCompile(`^\w(([\w-.]+)?\w)?$`)

// errName says what a name looks like. Storage refuses two dots in a row.
var errName = fmt.Errorf("name must begin and end with a letter, a digit or _, hold only those and - and "+
	"single dots, and have at most %d bytes", maximumName)

// checkNames judges the part of the path that the caller chose.
func checkNames(path *framework.Path, requested string) error {
	if path.Fields["name"] == nil || !strings.Contains(path.Pattern, "<name>") {
		return nil
	}
	parts := strings.Split(requested, "/")
	if len(parts) < 2 || !validName(parts[1]) {
		return errName
	}
	return nil
}

func validName(name string) bool {
	return len(name) <= maximumName && nameGrammar.MatchString(name) && !strings.Contains(name, "..")
}

// checkValue returns what a value of this type must be, or nothing if it is.
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
		number, ok := asNumber(value)
		return unless(ok && number == math.Trunc(number) && math.Abs(number) <= math.MaxInt32, "a whole number")
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
	// a path with a field of another type is a mistake in the code; tests would see it
	return "of a type this engine knows"
}

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

// asNumber reads a number as JSON, a query string or the command line gives it.
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

const wantedDuration = "a duration such as 20m or a number of seconds, not negative, at most 10 years"

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

const wantedList = "an array of strings, or one string with commas or spaces between them"

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
	if max(len(texts), len(listElements(texts))) > maximumElements {
		return fmt.Sprintf("%s, of at most %d elements", wantedList, maximumElements)
	}
	return ""
}

const wantedPairs = "a map of strings, or key=value pairs"

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
		for _, element := range pairs {
			if text, _ := element.(string); !isText(element) || !isPair(text) {
				return wantedPairs
			}
		}
		return unless(len(pairs) <= maximumElements, wantedPairs)
	}
	return wantedPairs
}

func isText(value any) bool { return textProblem(value, "a string") == "" }

func isPair(text string) bool {
	key, _, ok := strings.Cut(text, "=")
	return ok && key != ""
}
