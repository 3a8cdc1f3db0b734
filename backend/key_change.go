package backend

import (
	"context"
	"errors"
	"regexp"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/fault"
	"vault-plugin-secrets-paxos/backend/input"
	"vault-plugin-secrets-paxos/backend/paxos"
	"vault-plugin-secrets-paxos/backend/signing"
	"vault-plugin-secrets-paxos/backend/spec"
	"vault-plugin-secrets-paxos/backend/store"
)

// clientIDOf is the present Client ID of a stored client, or of the root client if the name is empty;
// empty if the client is not stored.
func clientIDOf(ctx context.Context, s logical.Storage, name string) (string, error) {
	if name == "" {
		root, err := storedRoot(ctx, s)
		g, _ := root.current()
		return g.ClientID, err
	}
	n, err := loadStoredClient(ctx, s, name)
	g, _ := n.current()
	return g.ClientID, store.Ignoring(err, store.ErrNotFound)
}

// clientPath is the path where the client of a key is stored: config for the root client.
func clientPath(name string) string {
	if name == "" {
		return "config"
	}
	return clientsPrefix + name
}

// putSigningKey stores a key. The caller holds writes.
func (b *backend) putSigningKey(ctx context.Context, s logical.Storage, name string, k signingKey) error {
	defer b.entries.signing.forget()
	k.Versioned = store.Current
	return b.entries.keys.Put(ctx, s, keysPrefix+name, k)
}

// writeKey answers POST keys/:name.
func (b *backend) writeKey(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	warnings, err := b.storeKey(ctx, req.Storage, d, name)
	if err != nil {
		return nil, err
	}
	b.announceChange(keyWritten, req.Path, req.Operation)
	return spec.Warned(warnings...), nil
}

// storeKey does the read-modify-write of writeKey. A new key gets its first version.
func (b *backend) storeKey(ctx context.Context, s logical.Storage, d *framework.FieldData,
	name string) (warnings []string, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	k, err := loadSigningKey(ctx, s, name)
	if store.Ignoring(err, store.ErrNotFound) != nil {
		return nil, err
	}
	created := err != nil
	if created {
		k = signingKey{Type: signing.ECDSAP256}
	}
	clientID, err := clientIDOf(ctx, s, k.Client)
	if err != nil {
		return nil, err
	}
	if err := k.change(d, clientID); err != nil {
		return nil, err
	}
	if created {
		if k, err = k.rotated(b.options.Now()); err != nil {
			return nil, err
		}
		if clientID, err = clientIDOf(ctx, s, k.Client); err != nil {
			return nil, err
		}
		if clientID == "" {
			warnings = append(warnings,
				"The client of this key is not stored yet. Store it at "+mountMark+clientPath(k.Client)+
					" before you register the public key.")
		}
	}
	return warnings, b.putSigningKey(ctx, s, name, k)
}

// rotateKey answers POST keys/:name/rotate.
func (b *backend) rotateKey(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	k, clientID, err := b.changeStoredKey(ctx, req.Storage, name, func(k signingKey) (signingKey, error) {
		return k.rotated(b.options.Now())
	})
	if err != nil {
		return nil, err
	}
	b.announceChange(keyRotated, req.Path, req.Operation)
	return answerVersion(k.Versions[len(k.Versions)-1], clientID), nil
}

// changeStoredKey does the read-modify-write of a key that exists.
func (b *backend) changeStoredKey(ctx context.Context, s logical.Storage, name string,
	change func(signingKey) (signingKey, error)) (k signingKey, clientID string, err error) {
	b.writes.Lock()
	defer b.writes.Unlock()
	k, err = loadSigningKey(ctx, s, name)
	if errors.Is(err, store.ErrNotFound) {
		return k, "", fault.BadRequest("Key %q does not exist. List keys with `vault list %skeys`.", name, mountMark)
	}
	if err != nil {
		return k, "", err
	}
	if clientID, err = clientIDOf(ctx, s, k.Client); err != nil {
		return k, "", err
	}
	if k, err = change(k); err != nil {
		return k, "", err
	}
	return k, clientID, b.putSigningKey(ctx, s, name, k)
}

// answerVersion tells what a version is now.
func answerVersion(v keyVersion, clientID string) *logical.Response {
	return &logical.Response{Data: map[string]any{
		"version": v.Number, "public_key": v.PublicPEM, "kid": v.KeyIDs[clientID], "state": v.state(clientID),
	}}
}

// keyIDGrammar is what a Key ID looks like; Paxos's are UUIDs.
var keyIDGrammar = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// writeKeyID answers POST keys/:name/kid.
func (b *backend) writeKeyID(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	keyID, given := input.Given[string](d, "kid")
	discover, _ := input.Given[bool](d, "discover")
	clientID, _ := input.Given[string](d, "client_id")
	switch {
	case given == discover:
		return nil, fault.BadRequest("Send either kid or discover=true.")
	case given && keyID != "" && !keyIDGrammar.MatchString(keyID):
		return nil, fault.BadRequest("kid must be the Key ID that the Dashboard shows: 1 to 128 letters, digits, " +
			"dots, hyphens or underscores.")
	case clientID != "" && input.CheckClientID(clientID) != nil:
		return nil, fault.Invalid(input.CheckClientID(clientID))
	}
	if discover {
		var err error
		if keyID, err = b.discoverKeyID(ctx, req.Storage, d, name, clientID); err != nil {
			return nil, err
		}
	}
	var number int
	k, present, err := b.changeStoredKey(ctx, req.Storage, name, func(k signingKey) (signingKey, error) {
		v, of, err := keyIDTarget(ctx, req.Storage, d, k, clientID)
		if err != nil {
			return k, err
		}
		if err := refuseUsedKeyID(ctx, req.Storage, name, of, keyID); err != nil {
			return k, err
		}
		number, clientID = v.Number, of
		return k.withKeyID(number, of, keyID)
	})
	if err != nil {
		return nil, err
	}
	b.announceChange(keyWritten, req.Path, req.Operation)
	v, _ := k.version(number)
	resp := answerVersion(*v, clientID)
	if keyID == "" {
		resp.AddWarning("The Key ID was removed, because kid is empty. This version signs nothing for Client ID " +
			clientID + " until it has one.")
	}
	if clientID != present {
		resp.AddWarning("This Key ID is for Client ID " + clientID +
			", which is not the present one of the key's client.")
	}
	return resp, nil
}

// keyIDTarget is the version and the Client ID that a request to kid names.
func keyIDTarget(ctx context.Context, s logical.Storage, d *framework.FieldData, k signingKey,
	clientID string) (keyVersion, string, error) {
	number := k.latest().Number
	input.Patch(d, "version", &number)
	v, ok := k.version(number)
	if !ok {
		return keyVersion{}, "", fault.BadRequest("version must be the number of a version of this key: 1 to %d.",
			k.latest().Number)
	}
	if clientID == "" {
		var err error
		if clientID, err = clientIDOf(ctx, s, k.Client); err != nil {
			return keyVersion{}, "", err
		}
	}
	if clientID == "" {
		return keyVersion{}, "", fault.BadRequest("client_id is required, because the client of this key is not stored "+
			"yet. Store it first at %s%s.", mountMark, clientPath(k.Client))
	}
	return *v, clientID, nil
}

// refuseUsedKeyID refuses a Key ID that a version of another key has for the same client.
func refuseUsedKeyID(ctx context.Context, s logical.Storage, name, clientID, keyID string) error {
	if keyID == "" {
		return nil
	}
	return store.Each(ctx, s, keysPrefix, func(other string, k signingKey) error {
		for _, v := range k.Versions {
			if other != name && v.KeyIDs[clientID] == keyID {
				return fault.BadRequest("kid is already the Key ID of version %d of key %q. Each public key has its own "+
					"Key ID: copy the one that the Dashboard shows for this public key.", v.Number, other)
			}
		}
		return nil
	}, nil)
}

// withKeyID is the key whose version has this Key ID for a client, none if it is empty.
func (k signingKey) withKeyID(number int, clientID, keyID string) (signingKey, error) {
	if len(k.Versions) == 0 {
		return k, errors.New("the key has no version")
	}
	for _, v := range k.Versions {
		if keyID != "" && v.Number != number && v.KeyIDs[clientID] == keyID {
			return k, fault.BadRequest("kid is already the Key ID of version %d. Each public key has its own Key ID: "+
				"copy the one that the Dashboard shows for the public key of version %d.", v.Number, number)
		}
	}
	v, _ := k.version(number)
	if v.Private.IsZero() && keyID != "" {
		return k, fault.BadRequest("Version %d is retired: its private key was erased. Store the Key ID of a version "+
			"that is not below min_version.", number)
	}
	ids := map[string]string{}
	for id, known := range v.KeyIDs {
		ids[id] = known
	}
	if ids[clientID] = keyID; keyID == "" {
		delete(ids, clientID)
	}
	v.KeyIDs = ids
	return k, nil
}

// discoverKeyID finds the Key ID of a version in Paxos's list of credentials, by the public key.
func (b *backend) discoverKeyID(ctx context.Context, s logical.Storage, d *framework.FieldData, name,
	clientID string) (keyID string, err error) {
	k, err := loadSigningKey(ctx, s, name)
	if errors.Is(err, store.ErrNotFound) {
		return "", fault.BadRequest("Key %q does not exist. List keys with `vault list %skeys`.", name, mountMark)
	}
	if err != nil {
		return "", err
	}
	v, clientID, err := keyIDTarget(ctx, s, d, k, clientID)
	if err != nil {
		return "", err
	}
	if err := checkStoredLockdown(ctx, s); err != nil {
		return "", err
	}
	err = b.withCredentials(ctx, []string{paxos.ListScope}, func(_ context.Context, at *credentials) error {
		credential, ok := at.of(clientID)
		if !ok {
			return fault.BadRequest("Paxos does not list client %s. Write its Key ID with kid=<Key ID>.", clientID)
		}
		for _, registered := range credential.PublicKeys {
			if registered.Active && signing.SamePublicKey(registered.PublicKey, v.PublicPEM) {
				keyID = registered.ID
			}
		}
		return nil
	})
	switch {
	case paxos.IsInvalidScope(err):
		return "", fault.BadRequest("The Key ID cannot be discovered, because the root client lacks the scope "+
			"%s. Write the Key ID with kid=<Key ID>.", paxos.ListScope)
	case err != nil:
		return "", err
	case !keyIDGrammar.MatchString(keyID):
		return "", fault.BadRequest("Paxos does not list the public key of version %[2]d as active for client %[1]s. "+
			"Register it in the Dashboard first: Admin > API Management.", clientID, v.Number)
	}
	return keyID, nil
}

// deleteKey answers DELETE keys/:name.
func (b *backend) deleteKey(ctx context.Context, req *logical.Request,
	d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	switch err := b.takeKey(ctx, req.Storage, name); {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	b.announceChange(keyDeleted, req.Path, req.Operation)
	return nil, nil
}

// takeKey deletes a key that may be deleted. One that cannot be read may be.
func (b *backend) takeKey(ctx context.Context, s logical.Storage, name string) error {
	b.writes.Lock()
	defer b.writes.Unlock()
	k, err := loadSigningKey(ctx, s, name)
	switch {
	case err != nil && !store.IsUnreadable(err):
		return err
	case err == nil && !k.DeletionAllowed:
		return fault.BadRequest("Not deleted: a deleted key cannot be recovered. Allow it first with `vault write "+
			"%skeys/%s deletion_allowed=true`.", mountMark, name)
	}
	switch signer, err := signerOfKey(ctx, s, name); {
	case err != nil:
		return err
	case signer != "":
		return fault.BadRequest("Not deleted: signer %q uses this key, or cannot be read and may use it. Give the "+
			"signer another key, or delete the signer first.", signer)
	}
	defer b.entries.signing.forget()
	return b.entries.keys.Delete(ctx, s, keysPrefix+name)
}
