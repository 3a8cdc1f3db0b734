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

const (
	// comparisonPause is the shortest time between two comparisons with Paxos. Each comparison
	// costs a token request, and any reader of a report can cause one.
	comparisonPause = time.Minute
	// comparisonInterval is how often the periodic work makes a comparison.
	comparisonInterval = time.Hour
)

// compare asks Paxos for its list of credentials, stores the list, and announces new findings. It
// answers 429 while another comparison runs, or if one began less than comparisonPause ago.
func (b *backend) compare(ctx context.Context, s logical.Storage) (credentialList, error) {
	if !b.comparing.TryLock() {
		return credentialList{}, fault.New(http.StatusTooManyRequests,
			"A comparison with Paxos is already running. Retry in a moment.")
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
			"A refresh was attempted less than a minute ago, and each one costs a token request. Retry in %s.",
			remaining(comparisonPause-now.Sub(before.TriedAt)))
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return before, err
	}
	// Without a usable root client Paxos cannot be asked, and that does not count as an attempt.
	if _, err := b.minter(ctx, "", root); err != nil {
		return before, err
	}
	// The attempt is stored before Paxos is asked, so that one that fails or is interrupted counts
	// too.
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

// remaining is a time to wait as an error gives it: in whole seconds, and never too short.
func remaining(wait time.Duration) time.Duration {
	return (wait + time.Second - 1).Truncate(time.Second)
}

// compareWith asks Paxos for its list and returns the list to store after before. If Paxos answers
// that the root client may not list, that answer is recorded and is no error. A list without the
// root client itself is incomplete, and proves nothing about the clients that it lacks. It is
// refused with an error, and before stays the latest list.
func (b *backend) compareWith(ctx context.Context, s logical.Storage, before credentialList) (credentialList, error) {
	after := before
	err := b.withCredentials(ctx, []string{paxos.ListScope}, func(ctx context.Context, fromPaxos *credentials) error {
		if err := b.applyList(ctx, fromPaxos); err != nil {
			return err
		}
		clients, err := clientFacts(ctx, s, b.usage.Last)
		if err != nil {
			return err
		}
		own := func(clientID string) bool {
			return slices.ContainsFunc(clients, func(c report.Client) bool { return c.ID == clientID })
		}
		after = before.listed(fromPaxos.listedAt, fromPaxos.all, own)
		// withCredentials has already refused a list of another Entity, unless the guardrails allow
		// it.
		after.Customer = cmp.Or(fromPaxos.entity(), before.Customer)
		return nil
	})
	var refused *paxos.Error
	if paxos.IsInvalidScope(err) || errors.As(err, &refused) && refused.Status == http.StatusForbidden &&
		!refused.Signature.Certain() {
		return before.refused(b.options.Now().UTC()), nil
	}
	return after, err
}

// announceDrift logs a comparison, and sends an event for each open finding of severity medium or
// high that the list before did not lead to.
func (b *backend) announceDrift(ctx context.Context, s logical.Storage, before, after credentialList) error {
	facts, err := b.facts(ctx, s, mountMark, before)
	if err != nil {
		return err
	}
	known := report.Drift(facts).Findings()
	facts.List = after.facts()
	drift := report.Drift(facts)
	var added []report.Finding
	open, _ := drift.Divided()
	for _, f := range open {
		if f.Severity <= report.Medium && !slices.ContainsFunc(known, f.Same) {
			added = append(added, f)
		}
	}
	b.logger.Info("compared Paxos's list of credentials with the records of this mount",
		"refused", after.Refused, "credentials", len(after.Credentials)+
			after.Left, "findings", len(open), "new", len(added))
	const most = 20 // events of one comparison; the report shows all findings
	for _, f := range added[:min(len(added), most)] {
		b.events.add(event{driftFound, []string{
			logical.EventMetadataPath, driftPath, "severity", f.Severity.String(), "rule", string(f.Rule),
			"subject", f.Subject, "reason", f.Reason,
		}})
	}
	return nil
}

// compareHourly makes a comparison as part of the periodic work, an hour after the latest attempt.
// It does so only if the root client is known to be allowed to list, or if there are stored
// clients, which may have been disabled or deleted in the Dashboard.
func (b *backend) compareHourly(ctx context.Context) error {
	last, err := b.credentialList(ctx, b.storage)
	if err != nil {
		return err
	}
	probed, err := b.cachedProbe(ctx, b.storage)
	if err != nil {
		return err
	}
	clients, err := b.storage.List(ctx, clientsPrefix)
	if err != nil {
		return err
	}
	if last.ListedAt.IsZero() && probed.MayList != answerYes && len(clients) == 0 ||
		last.recent(b.options.Now(), comparisonInterval) {
		return nil
	}
	var mistake *fault.Fault
	switch _, err := b.compare(ctx, b.storage); {
	case errors.As(err, &mistake): // a lockdown, or no configuration: an operator decided that
	case err != nil:
		b.logger.Warn("could not compare the records of this mount with Paxos; retrying in an hour", "error", err)
	}
	return nil
}
