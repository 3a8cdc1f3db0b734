package stack

import "fmt"

// An entry is one line of the system's table of processes.
type entry struct {
	pid, parent int
	dead        bool   // it has ended, and nobody has waited for it
	program     string // the file it runs
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

// running lists the processes that run the program, whoever started them.
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
