package report

import (
	"slices"
	"strings"
)

// byClient says which keys and signers go with the tokens of which client. The reports of large mounts
// ask for them once for each role.
type byClient struct {
	key        map[string]Key      // by the name of the key
	keys       map[string][]Key    // by the name of the client
	signers    map[string][]Signer // those that are not disabled, by the name of the client
	registered set                 // Client ID and Key ID of every version, with a space between
}

// groupByClient finds what belongs to each client.
func groupByClient(f *Facts) byClient {
	by := byClient{map[string]Key{}, map[string][]Key{}, map[string][]Signer{}, set{}}
	for _, k := range f.Keys {
		by.key[k.Name] = k
		by.keys[k.Client] = append(by.keys[k.Client], k)
		for clientID, ids := range k.Registered {
			for _, id := range ids {
				by.registered[clientID+" "+id] = true
			}
		}
	}
	for _, s := range f.Signers {
		if k, ok := by.key[s.Key]; ok && !s.Disabled {
			by.signers[k.Client] = append(by.signers[k.Client], s)
		}
	}
	return by
}

// foreign are the public keys of a credential, as Paxos lists them, whose private keys the mount does
// not hold. Each begins with its Key ID.
func (by byClient) foreign(listed Credential) []string {
	return slices.DeleteFunc(slices.Clone(listed.PublicKeys), func(text string) bool {
		id, _, _ := strings.Cut(text, " ")
		return by.registered[listed.ClientID+" "+id]
	})
}

// signs reports whether a key of the client signs for it.
func (by byClient) signs(client string) bool {
	return slices.ContainsFunc(by.keys[client], func(k Key) bool { return k.KeyID != "" })
}

// signersOf are the paths of the signers that sign for a client.
func (by byClient) signersOf(client string) (paths []string) {
	for _, s := range by.signers[client] {
		paths = append(paths, signersPrefix+s.Name)
	}
	return paths
}

// signedFor are the operations that the signers of a client sign.
func (by byClient) signedFor(client string) set {
	signed := set{}
	for _, s := range by.signers[client] {
		for _, operation := range s.Operations {
			signed[operation] = true
		}
	}
	return signed
}
