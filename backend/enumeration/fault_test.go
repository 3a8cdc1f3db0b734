package enumeration

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

// A dependency is what a plugin process reaches outside itself.
type dependency string

// The two of them.
const (
	inStorage dependency = "storage"
	atPaxos   dependency = "Paxos"
)

// A step is one operation on storage or one call to Paxos.
type step struct {
	dependency
	what   string
	writes bool // and so differs before and after its effect
}

// A kind is a way in which a step can go wrong.
type kind string

// These kinds apply to storage and to Paxos. What hangs does so until its caller has left. What
// crashes takes the plugin process with it.
const (
	works        kind = ""
	fails        kind = "fails"
	failsAfter   kind = "fails after its effect"
	hangs        kind = "hangs"
	hangsAfter   kind = "hangs after its effect"
	cancels      kind = "is done while the caller leaves"
	crashes      kind = "crashes"
	crashesAfter kind = "crashes after its effect"
	staysDown    kind = "fails, and so do all that follow on it"
	allStayDown  kind = "fails, and so do all that follow on storage and Paxos"
)

// These kinds apply to one of the two only.
const (
	readOnly  kind = "is refused as read-only"
	truncates kind = "gets half of its answer"
	redirects kind = "is redirected to another host"
	widens    kind = "is granted more than was asked for"
	narrows   kind = "is granted less than was asked for"
	overtaken kind = "waits while another request is served" // plays a part only where there is another
	throttles kind = "answers 429, and so do all that follow"
)

// paxosFault is how the stand-in Paxos plays a kind, where it can do that by itself.
func paxosFault(k kind, elsewhere string) (paxostest.Fault, bool) {
	fault, ok := map[kind]paxostest.Fault{
		"answers 500":             {Status: http.StatusInternalServerError},
		"answers 400":             {Status: http.StatusBadRequest},
		"answers 401":             {Status: http.StatusUnauthorized},
		"answers 200 and no JSON": {Status: http.StatusOK, Body: "<html>" + backendtest.Canary + "</html>"},
		throttles:                 {Status: http.StatusTooManyRequests},
		redirects:                 {Redirect: elsewhere},
		widens: {Rewrite: func(reply map[string]any) {
			reply["scope"] = fmt.Sprint(reply["scope"], " funding:write_profile")
		}},
		narrows: {Rewrite: func(reply map[string]any) { reply["scope"] = "events:read_event" }},
	}[k]
	return fault, ok
}

// kinds are the ways in which this step can go wrong.
func (s step) kinds() []kind {
	switch {
	case s.dependency == inStorage && !s.writes:
		return []kind{fails, cancels, staysDown, allStayDown}
	case s.dependency == inStorage:
		return []kind{fails, failsAfter, readOnly, hangs, hangsAfter, cancels, crashes, crashesAfter, staysDown,
			allStayDown}
	}
	all := []kind{fails, failsAfter, hangs, hangsAfter, cancels, crashes, crashesAfter, staysDown, redirects,
		throttles, "answers 500", "answers 401"}
	if s.what == string(paxostest.TokenEndpoint) { // a 200 of the revocation endpoint is believed, whatever it says
		all = append(all, truncates, widens, narrows, "answers 400", "answers 200 and no JSON")
	}
	return all
}

// A fault is one step that goes wrong in one way.
type fault struct {
	step
	number      int // which of the steps on its dependency, counted from 1
	kind        kind
	noEffectYet bool // nothing has had an effect before it, nor has it
}

// faults are all faults that are worth a run of their own. The others would repeat a run: a crash
// before a step is the same as a crash after the effect before it. In a series of reads it makes no
// difference which of them storage fails from, or during which the caller leaves. Where nothing
// follows, staying down is the same as failing once.
func faults(steps []step) (all []fault) {
	count, effects := map[dependency]int{}, 0
	for i, s := range steps {
		count[s.dependency]++
		follows := func(m dependency) bool {
			return slices.ContainsFunc(steps[i+1:], func(later step) bool { return later.dependency == m })
		}
		again := i > 0 && !s.writes && !steps[i-1].writes
		for _, k := range s.kinds() {
			switch {
			case again && i < len(steps)-1 && steps[i-1] == s && steps[i+1] == s: // a loop
			case (k == crashes || k == readOnly) && effects > 0:
			case k == cancels && again:
			case k == staysDown && (again || !follows(s.dependency)):
			case k == allStayDown && (again || !follows(atPaxos)):
			default:
				all = append(all, fault{s, count[s.dependency], k, effects == 0 && !s.writes})
			}
		}
		if s.writes {
			effects++
		}
	}
	return all
}

// String names the fault for the name of a test.
func (f fault) String() string {
	return strings.ReplaceAll(fmt.Sprintf("%s %d, %s, %s", f.dependency, f.number, f.what, f.kind), "/", ":")
}

// rejectsToken reports whether the fault makes Paxos say that a token is not accepted. The engine
// then takes the token for dead.
func (f fault) rejectsToken() bool {
	return f.what == string(paxostest.Operations) && f.kind == "answers 401"
}
