package stack

import "fmt"

// An entry is one line of the system's table of processes.
type entry struct {
	pid, parent int
	dead        bool   // it has ended, and nobody has waited for it
	program     string // the file it runs, without its directory
}

// Ended returns an error while the process of that number runs.
func Ended(pid int) error {
	entries, err := table()
	for _, e := range entries {
		if e.pid == pid && !e.dead {
			return fmt.Errorf("process %d (%s) still runs", pid, e.program)
		}
	}
	return err
}
