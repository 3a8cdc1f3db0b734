package backend

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/report"
)

// comparisonPause is how long a comparison must lie back before a reader may cause the
// next, because each costs a token request; comparisonInterval how often the engine
// makes one by itself.
const (
	comparisonPause    = time.Minute
	comparisonInterval = time.Hour
)

// compare asks Paxos for its list, stores it, and announces what is new and bad.
func (b *backend) compare(ctx context.Context, s logical.Storage) (credentialList, error) {
	if !b.comparing.TryLock() {
		return credentialList{}, fault.New(http.StatusTooManyRequests,
			"a comparison with Paxos is under way already: read again in a moment")
	}
	defer b.comparing.Unlock()
	if err := checkStoredLockdown(ctx, s); err != nil {
		return credentialList{}, err
	}
	before, err := b.credentialList(ctx, s)
	if err != nil {
		return before, err
	}
	now := b.options.Now()
	if before.recent(now, comparisonPause) {
		return before, fault.New(http.StatusTooManyRequests,
			"Paxos was asked less than a minute ago, and each time costs a token request: come back in a minute")
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return before, err
	}
	if _, err := b.minter(ctx, "", root); err != nil { // it cannot be asked: that is no attempt
		return before, err
	}
	begun := before.begun(now.UTC())
	if err := b.entries.list.Put(ctx, s, driftKey, begun); err != nil {
		return before, err
	}
	after, err := b.compareWith(ctx, s, begun)
	if err != nil {
		return before, err
	}
	if err := b.entries.list.Put(ctx, s, driftKey, after); err != nil {
		return before, err
	}
	return after, b.announceDrift(ctx, s, before, after)
}

// compareWith makes the comparison that follows on another. A list that does not have the root
// client itself proves nothing about those that it lacks: then the comparison before goes on being
// the latest.
func (b *backend) compareWith(ctx context.Context, s logical.Storage, before credentialList) (credentialList, error) {
	after := before
	err := b.withCredentials(ctx, []string{paxos.ListScope}, func(ctx context.Context, at *credentials) error {
		if err := b.applyList(ctx, at); err != nil {
			return err
		}
		clients, err := clientFacts(ctx, s, b.usage.Last)
		if err != nil {
			return err
		}
		own := func(clientID string) bool {
			return slices.ContainsFunc(clients, func(c report.Client) bool { return c.ID == clientID })
		}
		after = before.listed(at.listedAt, at.all, own)
		// withCredentials has refused another one, unless the guardrails allow it
		after.Customer = cmp.Or(at.entity(), before.Customer)
		return nil
	})
	var refused *paxos.Error
	if paxos.IsInvalidScope(err) || errors.As(err, &refused) && refused.Status == http.StatusForbidden {
		return before.refused(b.options.Now().UTC()), nil
	}
	return after, err
}

// announceDrift logs a comparison and sends an event for each finding that is new and
// bad.
func (b *backend) announceDrift(ctx context.Context, s logical.Storage, before, after credentialList) error {
	facts, err := b.facts(ctx, s, mountMark, before)
	if err != nil {
		return err
	}
	old := report.Drift(facts).Findings()
	facts.List = after.facts()
	next := report.Drift(facts)
	var news []report.Finding
	open, _ := next.Divided()
	for _, f := range open {
		if f.Severity <= report.Medium && !slices.ContainsFunc(old, f.Same) {
			news = append(news, f)
		}
	}
	b.logger.Info("compared the Entity's credentials at Paxos with what this mount knows",
		"refused", after.Refused, "credentials", len(after.Credentials)+
			after.Left, "findings", len(open), "new", len(news))
	const most = 20 // of one comparison: the report has them all
	for _, f := range news[:min(len(news), most)] {
		b.events.add(event{driftFound, []string{
			logical.EventMetadataPath, driftPath, "severity", f.Severity.String(), "rule", string(f.Rule),
			"subject", f.Subject, "reason", f.Reason,
		}})
	}
	return nil
}

// compareHourly is compare as periodic work: where the root was seen to be allowed to,
// or where there are stocked clients that may be gone, and an hour after it was last
// tried.
func (b *backend) compareHourly(ctx context.Context) error {
	last, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	seen, err := b.cachedProbe(ctx, b.storage)
	if err != nil {
		return err
	}
	stocked, err := b.storage.List(ctx, clientsPrefix)
	if err != nil {
		return err
	}
	if last.ListedAt.IsZero() && seen.MayList != answerYes && len(stocked) == 0 ||
		last.recent(b.options.Now(), comparisonInterval) {
		return nil
	}
	var mistake *fault.Fault
	switch _, err := b.compare(ctx, b.storage); {
	case errors.As(err, &mistake): // a lockdown, or no configuration: somebody's decision
	case err != nil:
		b.logger.Warn("comparing with Paxos: it is tried again in an hour", "error", err)
	}
	return nil
}
