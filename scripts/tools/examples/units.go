package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// mostExposed is how exposed systemd-analyze may find a service, in tenths: 20 is 2.0 of 10.
const mostExposed = 20

// standard are the units of systemd itself that the examples name. The checks see no other unit of this
// machine.
var standard = []string{"sysinit.target", "basic.target", "shutdown.target", "network-online.target",
	"multi-user.target", "timers.target", "time-set.target", "time-sync.target"}

// started is a program that a service starts.
var started = regexp.MustCompile(`(?m)^Exec[A-Za-z]*=[-@:+!]*(/\S+)`)

// placed is the place that systemd-analyze names in a complaint.
var placed = regexp.MustCompile(`([^\s/:]+\.(?:service|timer|socket|path|target)):(?:(\d+):)? ?(.*)`)

// checkUnits lets systemd-analyze read the units, below a root of their own that has the programs which they
// start.
func (c *checker) checkUnits() (err error) {
	if len(c.units) == 0 {
		return nil
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return errors.New("systemd-analyze is missing. Install it with scripts/ci/packages.sh")
	}
	root, err := os.MkdirTemp("", "paxos-units-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	names, err := c.install(root)
	if err != nil {
		return err
	}
	said, failed := analyze(append([]string{"verify", "--man=no", "--root=" + root}, names...)...)
	for line := range strings.Lines(said) {
		c.unitComplaint(strings.TrimSpace(line))
	}
	if failed != nil && said == "" {
		c.complain(c.units[0], 0, "systemd-analyze verify: %v.", failed)
	}
	c.checkExposure()
	return nil
}

// install copies the units into a root, with stand-ins for what they need.
func (c *checker) install(root string) (names []string, err error) {
	files := map[string]string{}
	for _, name := range standard {
		files["usr/lib/systemd/system/"+name] = "[Unit]\nDefaultDependencies=no\n"
	}
	for _, path := range c.units {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		names = append(names, filepath.Base(path))
		files["etc/systemd/system/"+filepath.Base(path)] = string(text)
		for _, found := range started.FindAllStringSubmatch(string(text), -1) {
			files[strings.TrimPrefix(found[1], "/")] = "#!/bin/sh\n"
		}
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		mode := os.FileMode(0o600)
		if strings.HasPrefix(text, "#!") {
			mode = 0o700
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// analyze runs systemd-analyze and returns what it says.
func analyze(arguments ...string) (said string, err error) {
	var out bytes.Buffer
	command := exec.Command("systemd-analyze", arguments...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0")
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err
}

// unitComplaint adds what systemd-analyze says about a unit.
func (c *checker) unitComplaint(line string) {
	if line == "" {
		return
	}
	path, number, text := c.units[0], 0, line
	if found := placed.FindStringSubmatch(line); found != nil {
		for _, unit := range c.units {
			if filepath.Base(unit) == found[1] {
				path, text = unit, found[3]
				number, _ = strconv.Atoi(found[2]) // it is empty if the complaint names no line
			}
		}
	}
	c.complain(path, number, "%s Correct it as man systemd.directives says.", full(text))
}

// full ends a text with a full stop.
func full(text string) string { return strings.TrimSuffix(text, ".") + "." }

// checkExposure lets systemd-analyze rate every service.
func (c *checker) checkExposure() {
	for _, path := range c.units {
		if filepath.Ext(path) != ".service" {
			continue
		}
		if said, err := analyze("security", "--offline=true", fmt.Sprintf("--threshold=%d", mostExposed), path); err != nil {
			c.complain(path, 0, "systemd-analyze security rates it worse than %d.%d of 10%s. Add the directives that it names.",
				mostExposed/10, mostExposed%10, rating(said))
		}
	}
}

// rating is how exposed systemd-analyze finds a service, for a complaint.
func rating(said string) string {
	if found := regexp.MustCompile(`exposure level for \S+: (\S+)`).FindStringSubmatch(said); found != nil {
		return ": " + found[1]
	}
	return ""
}
