package report

import (
	"fmt"
	"strings"
	"time"
)

// waitingAfter is how long a new version of a key may wait for its Key ID before that is a finding.
const waitingAfter = 3 * 24 * time.Hour

// key reviews one key: whether it can sign, and whether a rotation was left half done.
func (p *Privileges) key(k Key) {
	path := keysPrefix + k.Name
	switch {
	case k.ClientID == "": // the client is not stored: nothing can be requested with it either
	case k.KeyID == "":
		p.add(Medium, ruleKeyUnregistered, path,
			"The key has no Key ID for the current Client ID of its client, so it signs nothing", p.register(k),
			"client="+k.Client, "client_id="+k.ClientID)
	case !k.Waiting.IsZero() && p.Now.Sub(k.Waiting) > waitingAfter:
		p.add(Info, ruleKeyWaiting, path,
			"The newest version of the key has had no Key ID for more than 3 days, so the previous version still signs",
			p.register(k), fmt.Sprintf("version=%d", k.Latest), "created_at="+timestamp(k.Waiting))
	}
}

// register tells how the newest version of a key gets its Key ID.
func (p *Privileges) register(k Key) string {
	return strings.Join([]string{
		command("read", p.Mount+keysPrefix+k.Name),
		byHand("add the public key of version %d to client %s; then use the Key ID that is shown there in the next "+
			"command", k.Latest, k.ClientID),
		command("write", p.Mount+keysPrefix+k.Name+"/kid", fmt.Sprintf("version=%d", k.Latest), "kid=<Key ID>"),
	}, "\n")
}
