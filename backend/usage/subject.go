package usage

import (
	"hash/fnv"
	"strconv"
)

// Prefix is where the entries are stored. They are local to the cluster, as the tokens are.
const Prefix = "usage/"

// roleEntries is how many entries the roles are spread over, because Vault's integrated storage
// takes no entry of more than 1 MiB.
const roleEntries = 16

// A Subject is what issues: a role, by its name, or a client, by its Client ID.
type Subject struct{ kind, name string }

const (
	roleKind   = "roles"
	clientKind = "clients"
)

// Role is the subject of a role.
func Role(name string) Subject { return Subject{roleKind, name} }

// Client is the subject of a client.
func Client(clientID string) Subject { return Subject{clientKind, clientID} }

// String is how a subject is stored.
func (s Subject) String() string { return s.kind + "/" + s.name }

// key is the key of the entry that the subject belongs to. The clients are few and share one.
func (s Subject) key() string {
	if s.kind == clientKind {
		return Prefix + clientKind
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(s.String())) // a hash never fails to take what is written
	return Prefix + roleKind + "-" + strconv.FormatUint(uint64(sum.Sum32()%roleEntries), 16)
}
