//go:build !linux

package stack

import "syscall"

// attributes puts a process into a process group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
