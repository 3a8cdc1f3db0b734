package stack

import "fmt"

// An entry is one process of the system.
type entry struct {
	pid, parent int
	dead        bool   // it has ended, and its parent has not waited for it yet
	program     string // the path of the file that it runs
}

// Ended returns an error while the process with this id runs.
func Ended(pid int) error {
	entries, err := table()
	for _, e := range entries {
		if e.pid == pid && !e.dead {
			return fmt.Errorf("process %d (%s) still runs", pid, e.program)
		}
	}
	return err
}

// running returns the ids of all processes that run the program.
func running(program string) ([]int, error) {
	entries, err := table()
	var pids []int
	for _, e := range entries {
		if e.program == program && !e.dead {
			pids = append(pids, e.pid)
		}
	}
	return pids, err
}
