package backend

import (
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
)

// leasing is what a role of type client_credentials says beyond what every role does.
type leasing struct {
	Clients            []string `json:"clients,omitempty"` // the pool, in order
	OnRevoke           string   `json:"on_revoke,omitempty"`
	MaxLeasesPerEntity int      `json:"max_leases_per_entity,omitempty"`
	DeleteLimit        int      `json:"delete_limit,omitempty"`
	RequireEntity      bool     `json:"require_entity,omitempty"` // restricts: raises the role's schema
}

// What becomes of a client at the end of its lease.
const (
	quarantine      = "quarantine"
	deleteAtPaxos   = "delete"
	returnUnrotated = "return_unrotated"
)

// Defaults of such a role.
const (
	defaultLeasesPerEntity = 1
	defaultDeleteLimit     = 10
)

// changeLeasing applies the parameters of a request that are for roles of one type only,
// and judges them.
func (r *role) changeLeasing(d *framework.FieldData) error {
	if r.CredentialType == accessToken {
		return refuseGiven(d, clientCredentials, "clients", "on_revoke", "max_leases_per_entity", "delete_limit",
			"require_entity")
	}
	if err := refuseGiven(d, accessToken, "client", "unique_tokens", "min_ttl", "idle_ttl", "poll_interval",
		"grace", "mint_limit"); err != nil {
		return err
	}
	if r.OnRevoke == "" { // a new role
		r.leasing = leasing{OnRevoke: quarantine, MaxLeasesPerEntity: defaultLeasesPerEntity,
			DeleteLimit: defaultDeleteLimit}
	}
	patch(d, "clients", &r.Clients)
	patch(d, "on_revoke", &r.OnRevoke)
	patch(d, "max_leases_per_entity", &r.MaxLeasesPerEntity)
	patch(d, "delete_limit", &r.DeleteLimit)
	patch(d, "require_entity", &r.RequireEntity)
	switch {
	case len(r.Clients) == 0:
		return badRequest("clients must name at least one client under clients/")
	case !slices.Contains([]string{quarantine, deleteAtPaxos, returnUnrotated}, r.OnRevoke):
		return badRequest("on_revoke must be %s, %s or %s", quarantine, deleteAtPaxos, returnUnrotated)
	case r.MaxLeasesPerEntity < 1:
		return badRequest("max_leases_per_entity must be at least 1")
	case r.DeleteLimit < 0:
		return badRequest("delete_limit must be 0, for no deletion at all, or more")
	}
	for _, name := range r.Clients {
		if !validName(name) {
			return badRequest("clients holds %s, which is not the name of a client under clients/", excerpt(name))
		}
	}
	return nil
}

// refuseGiven refuses parameters that are for roles of the other type.
func refuseGiven(d *framework.FieldData, other string, names ...string) error {
	for _, name := range names {
		if _, ok := d.Raw[name]; ok {
			return badRequest("%s is for roles of credential_type %s", name, other)
		}
	}
	return nil
}
