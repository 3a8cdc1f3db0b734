package fault

import (
	"fmt"
	"net/http"
	"strings"
)

// A Fault is an error that the caller or an operator must mend.
type Fault struct {
	Status int    // of HTTP
	Text   string // for the caller
}

// Error returns the text.
func (f *Fault) Error() string { return f.Text }

// New returns a Fault of any status.
func New(status int, format string, values ...any) error {
	return &Fault{status, fmt.Sprintf(format, values...)}
}

// BadRequest returns a Fault of status 400.
func BadRequest(format string, values ...any) error {
	return New(http.StatusBadRequest, format, values...)
}

// Forbidden returns a Fault of status 403.
func Forbidden(format string, values ...any) error {
	return New(http.StatusForbidden, format, values...)
}

// Invalid returns a Fault of status 400 for an error that says what is wrong with the caller's input. Such
// an error begins with the name of a parameter, and has no full stop, as errors in Go do: Invalid makes
// sentences of it, one for each error that errors.Join has joined. It returns nil if err is nil.
func Invalid(err error) error {
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	var sentences []string
	for _, one := range all {
		sentences = append(sentences, Sentence(one.Error()))
	}
	return BadRequest("%s", strings.Join(sentences, " "))
}

// Sentence returns a text with a full stop at its end.
func Sentence(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// Sentences returns each text with a full stop at its end.
func Sentences(texts []string) []string {
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		all = append(all, Sentence(text))
	}
	return all
}
