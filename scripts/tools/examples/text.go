package main

import (
	"regexp"
	"strings"
)

var (
	// named is a path of the mount in a text. It is not a part of another path, such as backend/paxos/x or
	// http://paxos/v2, except in the API of Vault: /v1/paxos/x.
	named = regexp.MustCompile(`(?:^|[^A-Za-z0-9_./:-]|/v1/)paxos/([A-Za-z][A-Za-z0-9_{}$<>*+./:-]*)`)
	// variable is a part of a path that is known only when the example is used.
	variable = regexp.MustCompile(`\$\{[^}]*\}|\$[A-Za-z_]+|\{[^}]*\}|<[^>]*>`)
	// command is a command of vault that names a path of the mount.
	command = regexp.MustCompile(`\bvault (read|write|patch|list|delete)((?:\s+-\S+)*)\s+"?paxos/([^\s"]+)"?([^|;&<>\n]*)`)
	// assigned is a parameter of such a command.
	assigned = regexp.MustCompile(`(?:^|\s)"?([A-Za-z_]+)=`)
	// continued is a line break that does not end a command.
	continued = regexp.MustCompile(`\\\n`)
)

// operationOf is the operation of a command of vault.
var operationOf = map[string]string{"read": "read", "write": "update", "patch": "patch", "list": "list",
	"delete": "delete"}

// checkText checks the paths of the engine, and the commands of vault, that a file of any kind has.
func (c *checker) checkText(path, text string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, found := range named.FindAllStringSubmatch(line, -1) {
			c.checkNamed(path, number, found[1])
		}
	}
	joined := continued.ReplaceAllString(text, "  ") // as long as before, so that places can be counted
	for _, at := range command.FindAllStringSubmatchIndex(joined, -1) {
		line := 1 + strings.Count(text[:at[0]], "\n")
		c.checkCommand(path, line, joined[at[2]:at[3]], joined[at[6]:at[7]], joined[at[8]:at[9]])
	}
}

// checkNamed checks that a path leads somewhere.
func (c *checker) checkNamed(path string, line int, name string) {
	name = strings.TrimRight(variable.ReplaceAllString(name, "x"), ".:<>{}$")
	if len(c.routesOf(name)) == 0 {
		c.complain(path, line, "The engine has no path paxos/%s. Look for the right one in docs/api/README.md.", name)
	}
}

// routesOf returns the routes that a name in a text means: of an entry, of the list of entries, or of all that
// begin with it.
func (c *checker) routesOf(name string) []*route {
	name, open := strings.CutSuffix(name, "/")
	if open {
		return append(c.engine.find(name+"/"), c.engine.find(name+"/*")...)
	}
	return append(c.engine.find(name), c.engine.find(name+"/")...)
}

// checkCommand checks that a path has the operation and the parameters of a command.
func (c *checker) checkCommand(path string, line int, verb, name, rest string) {
	name = strings.Trim(variable.ReplaceAllString(name, "x"), `'"`)
	routes := c.routesOf(name)
	operation := operationOf[verb]
	if strings.Contains(rest, "list=true") {
		operation = "list"
	}
	switch {
	case len(routes) == 0: // checkNamed complains
		return
	case !allows(routes, operation):
		c.complain(path, line, "The engine has no `vault %s` of paxos/%s. See docs/api/README.md.", verb, name)
		return
	}
	for _, found := range assigned.FindAllStringSubmatch(rest, -1) {
		if _, known := parameter(routes, found[1]); !known && found[1] != "list" {
			c.complain(path, line, "paxos/%s has no parameter %s: %s.", name, found[1], parametersOf(routes))
		}
	}
}
