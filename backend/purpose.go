package backend

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/store"
)

// A purpose is what a stored client is used for. It is given when the client is stored and never
// changes. Otherwise a permission for one use of the client would become a permission for another
// use.
type purpose string

// The purposes. An entry that was stored by a version without purposes may have none. Such a client
// is not used until an operator sets its purpose.
const (
	purposeMint    purpose = "mint"    // roles request tokens with it
	purposeLease   purpose = "lease"   // roles of client_credentials lease it whole
	purposeStandby purpose = "standby" // it may take the root's place
)

// purposes lists every purpose.
var purposes = []purpose{purposeMint, purposeLease, purposeStandby}

// purposeHelp says what each purpose means, for errors.
const purposeHelp = "mint (roles request tokens with it), lease (roles of client_credentials lease it whole) " +
	"or standby (it may become the root client)"

// changePurpose applies the parameter purpose of a request. A client that is new must have a
// purpose.
func (n *storedClient) changePurpose(d *framework.FieldData) error {
	text, ok := input.Given[string](d, "purpose")
	asked := purpose(text)
	switch {
	case !ok && n.last() == 0:
		return fault.BadRequest("purpose is required when a client is stored: %s.", purposeHelp)
	case !ok:
		return nil
	case !slices.Contains(purposes, asked):
		return fault.BadRequest("purpose must be %s.", purposeHelp)
	case n.Purpose != "" && n.Purpose != asked:
		return fault.BadRequest("purpose cannot be changed (it is %s). Delete the client and store it again with "+
			"purpose=%s.", n.Purpose, asked)
	}
	n.Purpose = asked
	return nil
}

// purposeMismatch says why the client may not be used for this purpose. It returns "" if it may.
func (n storedClient) purposeMismatch(use purpose) string {
	switch n.Purpose {
	case use:
		return ""
	case "":
		return "has no purpose (Operators: set one with purpose=mint, lease or standby)"
	}
	return "has purpose=" + string(n.Purpose) + ", not " + string(use)
}

// uses says which stored clients config and the roles use, and for what. It serves to find the
// purpose of a client that was stored by a version without purposes.
type uses struct {
	read    bool
	standby []string        // names of standbys, in an old config
	mints   map[string]bool // names of clients that roles request tokens with
	leases  map[string]bool // names of clients that roles lease
}

// load reads config and all roles from storage. Once they are read, it does nothing.
func (u *uses) load(ctx context.Context, s logical.Storage) error {
	if u.read {
		return nil
	}
	c, err := loadConfig(ctx, s)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return err
	}
	u.standby, u.mints, u.leases = c.StandbyClients, map[string]bool{}, map[string]bool{}
	err = eachRole(ctx, s, func(_ string, r role) {
		if r.Client != "" {
			u.mints[r.Client] = true
		}
		for _, name := range r.Clients {
			u.leases[name] = true
		}
	})
	u.read = err == nil
	return err
}

// of lists what a client is used for. The client gets the first use as its purpose. The order puts
// the more dangerous uses last, so a client with several uses loses only those that are more
// dangerous than the one it keeps.
func (u *uses) of(name string) (all []purpose) {
	if slices.Contains(u.standby, name) {
		all = append(all, purposeStandby)
	}
	if u.mints[name] {
		all = append(all, purposeMint)
	}
	if u.leases[name] {
		all = append(all, purposeLease)
	}
	return all
}

// complete sets the purpose of an entry that was stored by a version without purposes: what config
// and the roles use the client for. It leaves newer entries as they are.
func (u *uses) complete(ctx context.Context, s logical.Storage, name string, n *storedClient) error {
	if n.Schema >= clientSchema {
		return nil
	}
	if err := u.load(ctx, s); err != nil {
		return err
	}
	n.Purpose = ""
	if all := u.of(name); len(all) > 0 {
		n.Purpose = all[0]
	}
	return nil
}

// settlePurposes stores the purposes of all entries that were stored by a version without purposes.
// It runs with the first tick, and before config or a role is written, because these decide what
// the purposes are. The caller holds writes.
func (b *backend) settlePurposes(ctx context.Context, s logical.Storage) error {
	if b.writes.settled {
		return nil
	}
	var u uses
	names, err := s.List(ctx, clientsPrefix)
	if err != nil {
		return err
	}
	for _, name := range names {
		n, err := store.Load[storedClient](ctx, s, clientsPrefix+name)
		if errors.Is(err, store.ErrNotFound) || store.IsUnreadable(err) || err == nil && n.Schema >= clientSchema {
			continue
		}
		if err == nil {
			err = u.complete(ctx, s, name, &n)
		}
		if err == nil {
			err = b.putStoredClient(ctx, s, name, n)
		}
		if err != nil {
			return err
		}
		if all := u.of(name); len(all) != 1 {
			b.logger.Warn("a client that an older version stored does not have exactly one use: its purpose is "+
				"the first of these uses; without any, it has no purpose and is not used",
				"client", name, "purpose", string(n.Purpose), "uses", joinPurposes(all))
		}
	}
	b.writes.settled = true
	return nil
}

// settle is settlePurposes for the periodic work, which does not hold writes.
func (b *backend) settle(ctx context.Context) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	return b.settlePurposes(ctx, b.storage)
}

func joinPurposes(all []purpose) string {
	var names []string
	for _, p := range all {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}
