package report

// LeastPrivilege finds access that the mount gives and that should be reduced.
func LeastPrivilege(f *Facts) *Privileges {
	p := newPrivileges(f)
	for _, r := range f.Roles {
		p.role(r)
	}
	for _, k := range f.Keys {
		p.key(k)
	}
	for _, s := range f.Signers {
		p.signer(s)
	}
	p.unreadable()
	p.mountWide()
	return p
}

// unreadable finds stored entries that cannot be read. A key is never to be deleted for that, because
// a later version of the plugin may need it.
func (p *Privileges) unreadable() {
	const upgrade = "# upgrade the plugin on this node if a later version wrote the entry"
	const damaged = ". The entry is damaged, or a later version of the plugin wrote it"
	for _, name := range p.UnreadableRoles {
		p.suggest(Medium, ruleUnreadable, rolesPrefix+name,
			"The stored entry of the role cannot be read, so the role issues nothing"+damaged,
			upgrade, command("delete", p.Mount+rolesPrefix+name))
	}
	for _, name := range p.UnreadableSigners {
		p.suggest(Medium, ruleUnreadable, signersPrefix+name,
			"The stored entry of the signer cannot be read, so the signer signs nothing"+damaged,
			upgrade, command("delete", p.Mount+signersPrefix+name))
	}
	for _, name := range p.UnreadableKeys {
		p.add(Medium, ruleUnreadable, keysPrefix+name,
			"The stored entry of the key cannot be read, so the key signs nothing"+damaged, upgrade)
	}
}
