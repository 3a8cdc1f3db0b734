package backend

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// probePause is the time that must pass between two probes. Each probe costs token requests, which
// everybody behind the same IP address shares.
const probePause = 10 * time.Minute

// Answers to a question about Paxos.
const (
	answerYes     = "yes"
	answerNo      = "no"
	answerUnknown = "unknown"
)

// A probe is what Paxos was seen to do with this account.
type probe struct {
	store.Versioned
	At               time.Time     `json:"at"` // zero: there was no probe
	ClientID         string        `json:"client_id"`
	TokenCalls       int           `json:"token_calls"`
	TokenLifetime    time.Duration `json:"token_lifetime"`
	RevocationEnds   string        `json:"revocation_ends_token"`
	RevokedAfter     time.Duration `json:"revoked_after"`
	MayList          string        `json:"may_list_credentials"`
	RootListed       string        `json:"root_is_listed"`
	BasicAuth        string        `json:"auth_style_basic"`
	RateLimitHeaders []string      `json:"rate_limit_headers"`
	ClockAhead       time.Duration `json:"clock_ahead"`
	Problems         []string      `json:"problems"`
	signingCheck
	// SigningChecks are the latest checks that had a result, by Client ID.
	SigningChecks map[string]signingCheck `json:"signing_checks,omitempty"`
}

// noProbe is the probe of a mount that has none stored.
func noProbe() probe { return probe{Versioned: store.Current} }

// run asks Paxos the open questions, with at most three token requests, and records the answers in
// p. What could not be found out is listed in p.Problems. An error means that the probe was
// stopped early.
//
// A check of request signing takes the place of the question about HTTP Basic, so that the number
// of token requests stays the same. check is its client; nil if there is no check.
func (p *probe) run(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession,
	check *broker.Minter) error {
	p.RevocationEnds, p.MayList, p.RootListed = answerUnknown, answerUnknown, answerUnknown
	err := p.request(ctx, b, minter, paxos.ProfileScope,
		func(ctx context.Context, grant paxos.Grant) error {
			p.TokenLifetime = grant.Lifetime
			return p.watchRevocation(ctx, b, minter, session, grant.Bearer())
		})
	switch {
	case paxos.IsInvalidScope(err):
		p.Problems = append(p.Problems,
			"The root client lacks "+paxos.ProfileScope+", so no token could be tested.")
	case err != nil:
		return err
	}
	err = p.request(ctx, b, minter, paxos.ListScope,
		func(ctx context.Context, grant paxos.Grant) error {
			p.lookForRoot(ctx, b, minter, session, grant.Bearer())
			return nil
		})
	if err != nil && !paxos.IsInvalidScope(err) {
		return err
	}
	p.MayList = yesOrNo(err == nil)
	if check != nil {
		return p.checkSigning(ctx, b, *check, session)
	}
	return p.tryBasic(ctx, b, minter, session)
}

// request requests a token, gives it to use and ends it. A lockdown that began after the probe did
// stops it.
func (p *probe) request(ctx context.Context, b *backend, minter broker.Minter, scope string,
	use func(context.Context, paxos.Grant) error) error {
	if err := checkStoredLockdown(ctx, b.storage); err != nil {
		return err
	}
	p.TokenCalls++
	return b.broker.Probe(ctx, minter, []string{scope}, use)
}

// watchRevocation tests a token with the API, revokes it and tests it again, at once and after one
// and five seconds, to find out whether and when the token stops working. The broker ends the token
// in any case.
func (p *probe) watchRevocation(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession,
	token paxos.Bearer) error {
	var seen paxos.Inspection
	look := func(ctx context.Context) (err error) {
		seen, err = session.Inspect(ctx, token)
		return err
	}
	call := func(what func(context.Context) error) error { return b.broker.Call(ctx, minter.Client.Route(), what) }
	if err := call(look); err != nil || !seen.Accepted {
		p.Problems = append(p.Problems, problem("A new token could not be tested with the API.", err))
		return nil
	}
	p.RateLimitHeaders, p.ClockAhead = seen.RateLimitHeaders, seen.ClockAhead
	if err := call(func(ctx context.Context) error { return minter.Client.Revoke(ctx, token.Token) }); err != nil {
		p.Problems = append(p.Problems, problem("The token could not be revoked.", err))
		return nil
	}
	for _, wait := range []time.Duration{0, time.Second, 4 * time.Second} {
		if wait > 0 && b.broker.Wait(ctx, wait) != nil {
			return nil //nolint:nilerr // the answer has what was found in time
		}
		if err := call(look); err != nil {
			p.Problems = append(p.Problems, problem("The revoked token could not be tested with the API.", err))
			return nil
		}
		p.RevokedAfter += wait
		if p.RevocationEnds = yesOrNo(!seen.Accepted); !seen.Accepted {
			return nil
		}
	}
	return nil
}

// lookForRoot finds out whether Paxos lists the client that asks for the list. Only if it does, the
// absence of another client from the list proves that this client is gone.
func (p *probe) lookForRoot(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession,
	token paxos.Bearer) {
	paced := func(ctx context.Context, call func(context.Context) error) error {
		return b.broker.Call(ctx, minter.Client.Route(), call)
	}
	found, err := session.FindCredentials(ctx, token, paced, minter.Client.ID())
	if err != nil {
		p.Problems = append(p.Problems,
			problem("Could not find out whether Paxos lists the root client itself.", err))
		return
	}
	p.RootListed = yesOrNo(len(found) > 0)
}

// tryBasic finds out whether the client may authenticate with HTTP Basic (RFC 6749, section 2.3.1),
// which some servers refuse.
func (p *probe) tryBasic(ctx context.Context, b *backend, minter broker.Minter, session *paxosSession) error {
	if session.basic {
		p.BasicAuth = answerYes
		return nil
	}
	other, done, err := minter.Client.WithAuthStyle(paxos.AuthBasic)
	if err != nil {
		return err
	}
	defer done()
	minter.Client = other
	err = p.request(ctx, b, minter, paxos.ProfileScope, nil)
	if err != nil && !paxos.IsInvalidClient(err) && !paxos.IsInvalidScope(err) {
		return err
	}
	p.BasicAuth = yesOrNo(!paxos.IsInvalidClient(err))
	return nil
}

// problem is the text of a problem, followed by its cause if there is one. Both are sentences.
func problem(text string, err error) string {
	if err == nil {
		return text
	}
	return text + " " + explained(err)
}

// yesOrNo is the answer to a question that Paxos has answered.
func yesOrNo(yes bool) string {
	if yes {
		return answerYes
	}
	return answerNo
}

// tooSoon refuses a probe within probePause of the latest one.
func (p probe) tooSoon(now time.Time) error {
	if age := now.Sub(p.At); !p.At.IsZero() && 0 <= age && age < probePause {
		return fault.New(http.StatusTooManyRequests, "A probe ran %s ago, and each one uses up to 3 token "+
			"requests. Retry in %s. `vault read %sstatus` shows what it found.", age.Truncate(time.Second),
			(probePause - age).Truncate(time.Second), mountMark)
	}
	return nil
}

// answer is the probe as the path probe returns it.
func (p probe) answer() map[string]any {
	data := map[string]any{
		"at":                    spec.Timestamp(p.At),
		"client_id":             p.ClientID,
		"token_calls":           p.TokenCalls,
		"token_lifetime":        spec.Seconds(p.TokenLifetime),
		"revocation_ends_token": p.RevocationEnds,
		"revoked_after":         spec.Seconds(p.RevokedAfter),
		"root_is_listed":        p.RootListed,
		"may_list_credentials":  p.MayList,
		"auth_style_basic":      p.BasicAuth,
		"rate_limit_headers":    append([]string{}, p.RateLimitHeaders...),
		"clock_ahead":           spec.Seconds(p.ClockAhead),
		"problems":              append([]string{}, p.Problems...),
	}
	maps.Copy(data, p.signingCheck.answer())
	return data
}

// shown is the probe as status shows it: empty if there was none.
func (p probe) shown() map[string]any {
	if p.At.IsZero() {
		return map[string]any{}
	}
	return p.answer()
}

// warnings tell the holders of leased tokens that a revoked token may stay valid.
func (p probe) warnings() []string {
	if p.RevocationEnds != answerNo {
		return nil
	}
	return []string{"A probe at " + spec.Timestamp(p.At) + " showed that Paxos still accepts revoked tokens. This " +
		"token may stay valid until it expires, even after its lease has ended."}
}

// cachedProbe returns the latest probe from memory or storage.
func (b *backend) cachedProbe(ctx context.Context, s logical.Storage) (probe, error) {
	return b.entries.probe.Get(ctx, s, probeKey)
}
