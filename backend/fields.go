package backend

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

type (
	fields     = map[string]*framework.FieldSchema
	operations = map[logical.Operation]framework.OperationHandler
	responses  = map[int][]framework.Response
)

// nameField is the name in the path of a role. Its form is checkNames's business.
func nameField(description string) *framework.FieldSchema {
	return &framework.FieldSchema{
		Type:         framework.TypeString,
		Description:  description,
		Required:     true,
		DisplayAttrs: &framework.DisplayAttributes{Name: "Name", Identifier: true},
	}
}

// namePattern captures a name of any form, so that a bad one gets an error that
// says what is wrong, not a missing path.
const namePattern = `(?P<name>[^/]+)`

// patch copies the named parameter into dst if the request carries it; null, which
// only a PATCH may carry, gives the default back.
func patch[T any](d *framework.FieldData, name string, dst *T) {
	if value, ok := given[T](d, name); ok {
		*dst = value
	}
}

// patchSeconds is patch for durations.
func patchSeconds(d *framework.FieldData, name string, dst *time.Duration) {
	if seconds, ok := given[int](d, name); ok {
		*dst = time.Duration(seconds) * time.Second
	}
}

// given returns the named parameter if the request carries it, null as its default. Every list
// and every secret is read here, and so all of them are treated the same way.
func given[T any](d *framework.FieldData, name string) (T, bool) {
	raw, ok := d.Raw[name]
	if !ok {
		var none T
		return none, false
	}
	if raw == nil {
		return d.GetDefaultOrZero(name).(T), true
	}
	value := d.Get(name)
	switch written := value.(type) {
	case []string:
		value = splitList(written)
	case string:
		if attributes := d.Schema[name].DisplayAttrs; attributes != nil && attributes.Sensitive {
			value = withoutLineBreak(written)
		}
	}
	return value.(T), true
}

// withoutLineBreak takes one line break off the end of a secret, since a file that holds one often
// ends in it.
func withoutLineBreak(secret string) string {
	return strings.TrimSuffix(strings.TrimSuffix(secret, "\n"), "\r")
}

// splitList is what a list means: its elements, each once.
func splitList(written []string) []string {
	list := []string{}
	seen := map[string]bool{}
	for _, element := range listElements(written) {
		if !seen[element] {
			seen[element] = true
			list = append(list, element)
		}
	}
	return list
}

// listElements splits a list at commas and white space, as the Dashboard prints scopes and people
// write them. What is empty is no element. No list of this engine has elements that hold a comma
// or white space.
func listElements(written []string) []string {
	var elements []string
	for _, text := range written {
		elements = append(elements, strings.FieldsFunc(text, func(r rune) bool {
			return r == ',' || unicode.IsSpace(r)
		})...)
	}
	return elements
}

// reading describes an operation that changes nothing and may run on any node.
func reading(callback framework.OperationFunc, summary string, answers responses) *framework.PathOperation {
	return &framework.PathOperation{Callback: callback, Summary: summary, Responses: answers}
}

// onActive describes an operation that stores something, calls Paxos or reports
// what only the active node knows.
func onActive(callback framework.OperationFunc, summary string, answers responses) *framework.PathOperation {
	return &framework.PathOperation{
		Callback: callback, Summary: summary, Responses: answers,
		ForwardPerformanceStandby: true, ForwardPerformanceSecondary: true,
	}
}

// answer describes a reply with a body of these fields.
func answer(description string, body fields) responses {
	return responses{200: {{Description: description, Fields: body}}}
}

// answerNothing describes a reply without a body.
func answerNothing(description string) responses {
	return responses{204: {{Description: description}}}
}

// display names an operation for documentation generators: prefix-verb-suffix.
func display(verb, suffix string) *framework.DisplayAttributes {
	return &framework.DisplayAttributes{OperationPrefix: "paxos", OperationVerb: verb, OperationSuffix: suffix}
}

// exists is the existence check of a path whose entries are stored under the
// request's own path.
func exists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	if !validName(d.Get("name").(string)) {
		return false, nil // the request itself will say what is wrong with the name
	}
	entry, err := req.Storage.Get(ctx, req.Path)
	return entry != nil, err
}

// seconds is how durations are answered.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// timestamp is how times are answered; a time that never was is left empty.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// displayed names an operation for documentation generators.
func displayed(operation *framework.PathOperation, verb, suffix string) *framework.PathOperation {
	operation.DisplayAttrs = display(verb, suffix)
	return operation
}

// How questions to Paxos are answered.
const (
	answerYes     = "yes"
	answerNo      = "no"
	answerUnknown = "unknown"
)

func yesOrNo(yes bool) string {
	if yes {
		return answerYes
	}
	return answerNo
}

// short is a duration as people write it: 20m, not 20m0s.
func short(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// tokenIDGrammar is that of broker.Fingerprint.
var tokenIDGrammar = regexp.MustCompile(`^[0-9a-f]{32}$`)
