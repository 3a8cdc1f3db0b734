//go:build !linux

package stack

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// table returns the processes of this machine, from the output of ps.
func table() ([]entry, error) {
	listing, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,state=,args=").Output()
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var entries []entry
	for line := range strings.Lines(string(listing)) {
		columns := strings.Fields(line)
		if len(columns) < 4 {
			continue
		}
		pid, pidErr := strconv.Atoi(columns[0])
		parent, parentErr := strconv.Atoi(columns[1])
		if pidErr != nil || parentErr != nil {
			return nil, fmt.Errorf("listing processes: a line of ps begins with no numbers")
		}
		entries = append(entries, entry{pid, parent, strings.HasPrefix(columns[2], "Z"), columns[3]})
	}
	return entries, nil
}
