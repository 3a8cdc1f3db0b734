package report

import "strings"

// severityOfOption is the severity of a dangerous option where it is not Medium.
var severityOfOption = map[string]Severity{
	"never_revoke": High, "allow_admin_scopes": High, "unique_tokens": Low,
	"destinations=*": High}

// saferValue is the value to set instead of a dangerous one, where the option is not a switch.
var saferValue = map[string]string{
	"on_revoke": "quarantine", "require_entity_match": "true",
	"sources": "<profile ids>", "destinations": "<destinations>", "end_users": "<identity and account ids>",
	"unlimited_operations": "", "extra_fields": "",
}

// dangers finds the dangerous options in force at a path. Each is written as "option: why". named are
// what options list; it becomes evidence.
func (p *Privileges) dangers(path string, dangers []string, named map[string][]string) {
	for _, danger := range dangers {
		option, reason, _ := strings.Cut(danger, ": ")
		name, _, assigned := strings.Cut(option, "=")
		severity, known := severityOfOption[option]
		if !known {
			severity = Medium
		}
		value, list := saferValue[name]
		switch {
		case assigned || list:
			p.suggest(severity, ruleDangerousOption, path, option+": "+reason, "",
				p.patch(path, name+"="+value), append([]string{option}, some(named[option])...)...)
		case option == "token_url":
			p.add(severity, ruleDangerousOption, path, option+": "+reason,
				"# enable another mount whose config/connection has an https URL, or environment=production", option)
		case option == "never_revoke": // a fix, because it restores that tokens end with their leases
			p.add(severity, ruleDangerousOption, path, option+": "+reason, p.patch(path, option+"=false"), option)
		default:
			p.suggest(severity, ruleDangerousOption, path, option+": "+reason, "", p.patch(path, option+"=false"),
				option)
		}
	}
}
