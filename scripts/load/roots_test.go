package load

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// A roots replaces the root client of a mount repeatedly, and counts what happens.
type roots struct {
	*mount
	scopes []string // the scopes of every root

	began     time.Time
	current   string         // Client ID of the root
	doomed    []string       // Client IDs of roots that must be deleted at Paxos
	accepted  map[string]int // rotations by path
	draining  int            // refusals because tokens of an earlier generation were still valid
	throttled int            // refusals because too many secrets were verified within 5 minutes
}

// rotateRoot gives the root client a new secret.
func (r *roots) rotateRoot() {
	r.Helper()
	secret, err := r.paxos.RotateCredential(r.current)
	if err != nil {
		r.Fatal(err)
	}
	r.rotate("config/rotate-root", map[string]any{"client_secret": secret})
}

// replaceRoot makes a new client the root. If wanted, the old one is deleted at Paxos; its Label must
// allow that.
func (r *roots) replaceRoot(deleteOld bool) {
	r.Helper()
	id, secret := r.create("a root", r.scopes...)
	if deleteOld {
		r.doomed = append(r.doomed, r.current)
	}
	r.rotate("config/replace-root",
		map[string]any{"client_id": id, "client_secret": secret, "delete_old_at_paxos": deleteOld})
}

// stock creates a client and stores it as a standby.
func (r *roots) stock(name string) {
	r.Helper()
	id, secret := r.create(name, r.scopes...)
	r.write("clients/"+name,
		map[string]any{"client_id": id, "client_secret": secret, "scopes": r.scopes, "purpose": "standby"})
}

// promote makes the next standby the root.
func (r *roots) promote() {
	r.Helper()
	r.rotate("config/promote-standby", nil)
}

// rotate writes to a path until the write is accepted.
func (r *roots) rotate(path string, data map[string]any) {
	r.Helper()
	var answer *api.Secret
	r.await(6*time.Minute, func() (err error) {
		answer, err = r.try(path, data)
		return err
	})
	r.accepted[path]++
	r.told(path)
	r.current = answer.Data["client_id"].(string)
}

// try writes once. It counts and returns a refusal that is temporary.
func (r *roots) try(path string, data map[string]any) (*api.Secret, error) {
	r.Helper()
	answer, err := r.client.Logical().WriteWithContext(r.Context(), r.path+"/"+path, data)
	var refused *api.ResponseError
	switch {
	case err == nil:
		return answer, nil
	case errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest &&
		strings.Contains(err.Error(), "tokens of the previous root client are still valid"):
		r.draining++
	case errors.As(err, &refused) && refused.StatusCode == http.StatusTooManyRequests &&
		strings.Contains(err.Error(), "verifying secrets"):
		r.throttled++
	default:
		r.Fatalf("%s: %v", path, err)
	}
	return nil, err
}

// told logs the progress of the test.
func (r *roots) told(what string) {
	r.Logf("%5.1f s: %s", time.Since(r.began).Seconds(), what)
}

// expectDraining checks that no standby is promoted while tokens of the previous root are valid.
func (r *roots) expectDraining() {
	r.Helper()
	if _, err := r.try("config/promote-standby", nil); err == nil {
		r.Error("a client was promoted while the root before drains")
	}
}

// generations returns an error unless the root has this number of generations.
func (r *roots) generations(want int) error {
	r.Helper()
	listed := r.read("status")["generations"].([]any)
	if len(listed) != want {
		return fmt.Errorf("%d generations, want %d: %v", len(listed), want, listed)
	}
	return nil
}

// expectDeleted compares the clients that are deleted at Paxos with those that should be.
func (r *roots) expectDeleted() {
	r.Helper()
	var gone []string
	for _, credential := range r.paxos.Credentials() {
		if credential.Status != "APPROVED" {
			gone = append(gone, credential.ClientID)
		}
	}
	slices.Sort(gone)
	slices.Sort(r.doomed)
	if !slices.Equal(gone, r.doomed) {
		r.Errorf("at Paxos %d clients are gone, %v; want %v", len(gone), gone, r.doomed)
	}
}

// endRoles ends the live tokens of the roles, so that no token of a previous root is valid.
func (r *roots) endRoles(names []string) {
	r.Helper()
	for _, name := range names {
		r.write("roles/"+name+"/rotate", nil)
	}
}

// live returns those of the fingerprints whose tokens are alive at Paxos.
func (m *mount) live(fingerprints map[string]bool) (live []string) {
	for _, token := range m.paxos.LiveTokens() {
		if fingerprints[token.Fingerprint] {
			live = append(live, token.Fingerprint)
		}
	}
	return live
}

// awaitEnds waits until none of the tokens is alive at Paxos.
func (m *mount) awaitEnds(fingerprints map[string]bool, limit time.Duration) {
	m.Helper()
	m.await(limit, func() error {
		if live := m.live(fingerprints); len(live) > 0 {
			return fmt.Errorf("%d tokens live at Paxos", len(live))
		}
		return nil
	})
}
