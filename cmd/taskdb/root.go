package main

import (
	"github.com/spf13/cobra"
)

const rootLong = `taskdb asks a task database MongoDB's questions: which tasks are not finished,
what ran on an engine in the last hour, what came of a task.

Filters are MongoDB's, written as in its shell: {completed: null}. Put them in
single quotes, so that your shell leaves their $ alone.

Records go to a terminal as a table, and to a file or a pipe as JSON lines.
Warnings and hints go to standard error.

Exit codes:
  0    done; that no record was selected is an answer too
  1    failure: a file cannot be read, or not all of its records
  2    the command line, a filter, a sort or a projection is wrong
  3    get: there is no task with one of the ids
  130  interrupted`

const rootExample = `  taskdb find --in tasks.db '{completed: null}'
  taskdb find --in tasks.db --since 1h --failed
  taskdb count --in tasks.db '{engine_uuid: {$in: ["e1", "e2"]}}'
  taskdb get --in tasks.db 1f6f2cd9-c67037fb2e6d095d8dad4938_27085_1`

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "taskdb",
		Short:         "Ask a task database MongoDB's questions",
		Long:          rootLong,
		Example:       rootExample,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.AddCommand(
		p.findCommand(),
		p.getCommand(),
		p.countCommand(),
		p.distinctCommand(),
		p.historyCommand(),
		p.versionCommand(),
	)
	return root
}
