package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of taskdb and of Go",
		Args:  noArguments,
		RunE: p.action(func(context.Context, []string) error {
			_, err := fmt.Fprintln(p.stdout, version())
			return err
		}),
	}
}

// version tells the module's version and Go's.
func version() string {
	return fmt.Sprintf("taskdb %s %s %s/%s", moduleVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// moduleVersion is the module's version, as far as the build recorded it.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
