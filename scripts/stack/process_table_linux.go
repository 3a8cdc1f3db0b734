package stack

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// table returns the processes of this machine, from /proc.
func table() ([]entry, error) {
	directories, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var entries []entry
	for _, directory := range directories {
		pid, err := strconv.Atoi(directory.Name())
		if err != nil {
			continue // not a process
		}
		if e, ok := describe(pid); ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// describe returns one process, or false if it has ended.
func describe(pid int) (entry, bool) {
	path := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(path, "stat"))
	if err != nil {
		return entry{}, false
	}
	// The name of the program, in parentheses, may hold anything. State and parent come after it.
	rest := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(rest) < 2 {
		return entry{}, false
	}
	parent, err := strconv.Atoi(rest[1])
	if err != nil {
		return entry{}, false
	}
	arguments, err := os.ReadFile(filepath.Join(path, "cmdline"))
	if err != nil {
		return entry{}, false
	}
	program, _, _ := strings.Cut(string(arguments), "\x00")
	return entry{pid: pid, parent: parent, dead: rest[0] == "Z", program: program}, true
}
