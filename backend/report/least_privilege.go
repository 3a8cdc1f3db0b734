package report

// LeastPrivilege finds access that the mount gives and that should be reduced.
func LeastPrivilege(f *Facts) *Privileges {
	p := newPrivileges(f)
	for _, r := range f.Roles {
		p.role(r)
	}
	for _, name := range f.UnreadableRoles {
		p.suggest(Medium, ruleUnreadable, rolesPrefix+name,
			"The stored entry of the role cannot be read, so that it issues nothing: it is damaged, or a "+
				"later version of the plugin wrote it",
			"# upgrade the plugin on this node if a later version wrote the entry",
			command("delete", p.Mount+rolesPrefix+name))
	}
	p.mountWide()
	return p
}
