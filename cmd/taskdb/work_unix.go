//go:build unix

package main

import (
	"os/exec"
	"syscall"
	"time"
)

// runGroup runs a command in a process group of its own, so that a signal of the
// terminal does not reach it, and that all that it has started can be stopped with
// it: when the context ends, at first by TERM and after a grace by KILL.
func runGroup(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var kill *time.Timer
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		kill = time.AfterFunc(cmd.WaitDelay, func() { _ = syscall.Kill(group, syscall.SIGKILL) }) // it may have ended
		return syscall.Kill(group, syscall.SIGTERM)
	}
	err := cmd.Run()
	if kill != nil && kill.Stop() { // what the command left behind
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return err
}
