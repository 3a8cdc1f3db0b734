package answer

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// An agreement says which values of a run stand for which values of a page.
type agreement struct {
	typed func(string) bool // whether the page's reader types this text: then it must be the same in the run
	runs  map[value]string  // by the page's value
	pages map[value]string  // by the run's value
}

// newAgreement returns an agreement on nothing yet.
func newAgreement(typed func(string) bool) *agreement {
	return &agreement{typed: typed, runs: map[value]string{}, pages: map[value]string{}}
}

// agree reports whether a value of a run can stand for a value of the page.
func (a *agreement) agree(page, run value) bool {
	if page.kind != run.kind {
		return false
	}
	switch page.kind {
	case duration, seconds, random:
		return page.text == run.text || !a.typed(page.text) && near(page, run)
	case moment, unix:
		return page.text == run.text || !a.typed(page.text)
	}
	if !alike(page, run) || page.text != run.text && a.typed(page.text) {
		return false
	}
	known, inPage := a.runs[page]
	other, inRun := a.pages[run]
	if inPage || inRun {
		return known == run.text && other == page.text
	}
	a.runs[page], a.pages[run] = run.text, page.text
	return true
}

// alike reports whether two ids have the same form: hashes the same length, tokens of Vault the same type.
func alike(page, run value) bool {
	switch page.kind {
	case hash:
		return len(page.text) == len(run.text) || strings.HasSuffix(page.text, omission)
	case vaultToken:
		return page.text[:len("hvs.")] == run.text[:len("hvs.")]
	}
	return true
}

// near reports whether a duration that is running out, or a random one, can be the one that the page
// shows, such as 59m58s. A duration of whole minutes, such as 1h, is neither: it is a setting.
func near(page, run value) bool {
	shown, err := parse(page.text)
	if err != nil || shown%time.Minute == 0 {
		return false
	}
	printed, err := parse(run.text)
	if err != nil {
		return false
	}
	tolerance := min(max(shown/10, 3*time.Second), time.Minute)
	if page.kind == random {
		tolerance = shown / 4
	}
	return (shown - printed).Abs() <= tolerance
}

// parse reads a duration, or a number of seconds.
func parse(text string) (time.Duration, error) {
	if number, err := strconv.Atoi(text); err == nil {
		return time.Duration(number) * time.Second, nil
	}
	return time.ParseDuration(text)
}

// copy returns an agreement that changes apart from this one.
func (a *agreement) copy() *agreement {
	return &agreement{typed: a.typed, runs: maps.Clone(a.runs), pages: maps.Clone(a.pages)}
}
