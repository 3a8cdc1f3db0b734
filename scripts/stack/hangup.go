package stack

import (
	"os"
	"os/signal"
	"syscall"
)

// Under nohup this process ignores SIGHUP. The programs that it starts would ignore it too, and a shell could
// not even trap it. Applications reload their token after SIGHUP, so it must reach them. A signal that a
// process handles is not ignored by the programs that it starts, and this handler does nothing.
func init() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}
