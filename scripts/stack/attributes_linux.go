package stack

import "syscall"

// attributes puts a process into a process group of its own. The kernel sends it SIGTERM if this
// process ends first.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
