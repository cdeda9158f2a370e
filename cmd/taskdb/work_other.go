//go:build !unix

package main

import "os/exec"

// runGroup runs a command. When the context ends it is killed.
func runGroup(cmd *exec.Cmd) error { return cmd.Run() }
