package stack

import "syscall"

// attributes puts a process into a group of its own, and has the kernel end it if we
// are killed before we could.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
