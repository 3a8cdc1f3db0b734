package backend

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/broker"
	"vault-plugin-secrets-paxos/backend/paxos"
)

// comparisonPause is how long a comparison must lie back before a reader may cause the
// next, because each costs a token request; comparisonInterval how often the engine
// makes one by itself.
const (
	comparisonPause    = time.Minute
	comparisonInterval = time.Hour
)

// compare asks Paxos for its list, stores it, and announces what is new and bad.
func (b *backend) compare(ctx context.Context, s logical.Storage) (comparison, error) {
	if !b.comparing.TryLock() {
		return comparison{}, &fault{http.StatusTooManyRequests, "a comparison with Paxos is under way already: read again in a moment"}
	}
	defer b.comparing.Unlock()
	if err := checkStoredLockdown(ctx, s); err != nil {
		return comparison{}, err
	}
	before, err := b.comparison(ctx, s)
	if err != nil {
		return before, err
	}
	now := b.options.Now()
	if before.recent(now, comparisonPause) {
		return before, &fault{http.StatusTooManyRequests, "Paxos was asked less than a minute ago, and each time costs a token request: come back in a minute"}
	}
	link, err := b.dial(ctx, s)
	if err != nil {
		return before, err
	}
	root, err := storedRoot(ctx, s)
	if err != nil {
		return before, err
	}
	minter, err := b.minter(ctx, root)
	if err != nil {
		return before, err
	}
	begun := before.begun(now.UTC())
	if err := b.comparisons.put(ctx, s, driftKey, begun); err != nil {
		return before, err
	}
	after, err := b.compareWith(ctx, s, begun, link, minter)
	if err != nil {
		return before, err
	}
	if err := b.comparisons.put(ctx, s, driftKey, after); err != nil {
		return before, err
	}
	return after, b.announceDrift(ctx, s, before, after)
}

// compareWith makes the comparison that follows on another.
func (b *backend) compareWith(ctx context.Context, s logical.Storage, before comparison, link *link, minter broker.Minter) (comparison, error) {
	list, may, err := b.listCredentials(ctx, link, minter)
	if err != nil {
		return before, err
	}
	now := b.options.Now().UTC()
	if !may {
		return before.refused(now), nil
	}
	clients, err := b.clients(ctx, s)
	if err != nil {
		return before, err
	}
	b.signals.see(listFails, "", !believable(list, clients), "credentials", len(list))
	own := func(clientID string) bool {
		return slices.ContainsFunc(clients, func(c custody) bool { return c.ID == clientID })
	}
	return before.listed(now, list, own), b.markLost(ctx, credentials{all: list})
}

// believable reports whether a list can be the whole of the Entity's: then it has the
// root client, with whose token it was asked for.
func believable(list []paxos.Credential, clients []custody) bool {
	return len(clients) == 0 || slices.ContainsFunc(list, func(c paxos.Credential) bool { return c.ClientID == clients[0].ID })
}

// listCredentials lists the Entity's credentials with a token for just that, if the
// root may. A refusal is no error.
func (b *backend) listCredentials(ctx context.Context, link *link, minter broker.Minter) (list []paxos.Credential, may bool, err error) {
	paced := func(ctx context.Context, call func(context.Context) error) error {
		return b.broker.Call(ctx, minter.Client.Way(), call)
	}
	asked := false
	_, err = b.broker.Manage(ctx, minter, []string{listScope}, func(ctx context.Context, grant paxos.Grant) (err error) {
		list, err = link.ListCredentials(ctx, grant.AccessToken, paced)
		var refused *paxos.Error
		if errors.As(err, &refused) && refused.Status == http.StatusForbidden {
			return nil
		}
		asked = err == nil
		return err
	})
	return list, asked && err == nil, err
}

// announceDrift logs a comparison and sends an event for each finding that is new and
// bad.
func (b *backend) announceDrift(ctx context.Context, s logical.Storage, before, after comparison) error {
	req := &logical.Request{Storage: s}
	old, err := b.review(ctx, req, before)
	if err != nil {
		return err
	}
	next, err := b.review(ctx, req, after)
	if err != nil {
		return err
	}
	who, err := callersOf(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range []*review{old, next} {
		r.lookAtClients(who)
		r.drift()
	}
	var news []finding
	open, _ := next.judged()
	for _, f := range open {
		if f.Severity <= medium && !slices.ContainsFunc(old.findings, f.same) {
			news = append(news, f)
		}
	}
	b.logger.Info("compared the Entity's credentials at Paxos with what this mount knows",
		"refused", after.Refused, "credentials", len(after.Credentials)+after.Left, "findings", len(open), "new", len(news))
	const most = 20 // of one comparison: the report has them all
	for _, f := range news[:min(len(news), most)] {
		b.events.add(event{driftFound, []string{
			logical.EventMetadataPath, driftPath, "severity", f.Severity.String(), "rule", string(f.Rule), "subject", f.Subject, "reason", f.Reason,
		}})
	}
	return nil
}

// compareHourly is compare as periodic work: where the root was seen to be allowed to,
// or where there are stocked clients that may be gone, and an hour after it was last
// tried.
func (b *backend) compareHourly(ctx context.Context) error {
	last, err := b.comparison(ctx, b.storage)
	if err != nil {
		return err
	}
	seen, err := b.probes.get(ctx, b.storage, probeKey)
	if err != nil {
		return err
	}
	stocked, err := b.storage.List(ctx, clientsPrefix)
	if err != nil {
		return err
	}
	if last.ListedAt.IsZero() && seen.MayList != answerYes && len(stocked) == 0 || last.recent(b.options.Now(), comparisonInterval) {
		return nil
	}
	var mistake *fault
	switch _, err := b.compare(ctx, b.storage); {
	case errors.As(err, &mistake): // a lockdown, or no configuration: somebody's decision
	case err != nil:
		b.logger.Warn("comparing with Paxos: it is tried again in an hour", "error", err)
	}
	return nil
}
