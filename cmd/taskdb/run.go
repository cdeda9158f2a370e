package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

// The exit codes, which are promised in rootLong and docs/command-line.md.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

// program is what the commands of one run share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	now            time.Time                // what "-2h" counts from
	started        bool                     // the command line was understood, a command runs
	progress       *progressbar.ProgressBar // on the terminal now, or nil
}

// run is the program: it does what args say and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now()}
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	err = explained(err)
	if err != nil {
		p.report(command, err)
	}
	return p.exitCode(err)
}

// action makes a command's RunE of what the command does.
func (p *program) action(do func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		p.started = true
		return do(cmd.Context(), args)
	}
}

// exitCode tells what to exit with. An error before a command runs is cobra's, and
// about its arguments.
func (p *program) exitCode(err error) int {
	var wrong *usageError
	switch {
	case err == nil:
		return exitOK
	case !p.started, errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, taskdb.ErrNotFound):
		return exitNotFound
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}

// report tells the user what went wrong.
func (p *program) report(cmd *cobra.Command, err error) {
	var wrong *usageError
	if errors.As(err, &wrong) {
		p.note(cmd.CommandPath(), "%s", wrong.message)
		for _, line := range wrong.where {
			fmt.Fprintf(p.stderr, "  %s\n", line)
		}
		if wrong.hint != "" {
			fmt.Fprintln(p.stderr, wrong.hint)
		}
		return
	}
	if !p.started {
		p.note(cmd.CommandPath(), "%v\nsee: %s --help", err, cmd.CommandPath())
		return
	}
	message := err.Error()
	if p.exitCode(err) == exitInterrupted {
		message = "interrupted"
	}
	for line := range strings.Lines(message) { // one of each joined error
		p.note(cmd.CommandPath(), "%s", strings.TrimSuffix(line, "\n"))
	}
	var failed *hinted
	if errors.As(err, &failed) {
		fmt.Fprintln(p.stderr, failed.hint)
	}
}

// hinted is an error with what the user can do about it.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

// note writes a line to standard error, after the name of what speaks.
func (p *program) note(speaker, format string, args ...any) {
	if p.progress != nil {
		p.progress.Clear()
	}
	fmt.Fprintf(p.stderr, speaker+": "+format+"\n", args...)
}

// missing is an error that says that there is no index, or no collection, of a
// name. It is taskdb.ErrNotFound.
type missing struct{ kind, name string }

func (e *missing) Error() string { return fmt.Sprintf("no such %s: %q", e.kind, e.name) }

func (e *missing) Is(target error) bool { return target == taskdb.ErrNotFound }
