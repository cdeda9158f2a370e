package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/internal/wholefile"
)

// fileFlags say which file to write.
type fileFlags struct {
	path  string // empty is standard output
	force bool
}

func (f *fileFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.path, "out", "", "write `FILE`, readable by you alone (default standard output)")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace the file of --out if there is one")
	completeFiles(cmd, "out")
}

// completeFiles has the shell complete the names of files after a flag.
func completeFiles(cmd *cobra.Command, flag string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)); err != nil {
		panic(err) // there is no such flag
	}
}

// check refuses, before anything is done, to replace what should stay.
func (f *fileFlags) check() error {
	if f.path == "" {
		return nil
	}
	switch info, err := os.Lstat(f.path); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("write to a file: %w", err)
	case !info.Mode().IsRegular():
		return usage("name another, or write to standard output", "--out %s exists and is no regular file", f.path)
	case !f.force:
		return usage("name another, or replace it: --force", "--out %s exists", f.path)
	}
	return nil
}

// write calls do with what to write to. A file has its name only once all of it is
// on the disk.
func (f *fileFlags) write(stdout io.Writer, do func(w io.Writer) error) error {
	if f.path == "" {
		return do(stdout)
	}
	return wholefile.Write(f.path, do)
}
