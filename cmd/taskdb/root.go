package main

import (
	"github.com/spf13/cobra"
)

const rootLong = `taskdb keeps tasks, with their requests, lives and results, and answers MongoDB's
questions about them: which are not finished, what ran on an engine in the last
hour, what came of one.

Commands use the store that --store names, else the one that the environment
variable ` + storeVariable + ` names, else a file in your state directory, which
"taskdb store" tells; or that of the hub that --hub or ` + hubVariable + ` names. With --in
they ask a file as it is.

Filters are MongoDB's, written as in its shell: {completed: null}. Put them in
single quotes, so that your shell leaves their $ alone.

Records go to a terminal as a table, and to a file or a pipe as JSON lines.
Warnings and hints go to standard error.

Exit codes:
  0    done; that no record was selected is an answer too
  1    failure: a store or a file cannot be opened, or not all records were
       read, stored or changed; or what diff compared differs
  2    the command line, a filter, an update, a sort or a projection is wrong, or
       takes a --yes or --force; nothing was done
  3    there is no task, index or collection of that name
  130  interrupted`

const rootExample = `  taskdb import ~/.ipython/profile_default/security/tasks.db
  taskdb find '{completed: null}'
  taskdb find --since 1h --failed
  taskdb count '{engine_uuid: {$in: ["e1", "e2"]}}'
  taskdb get 1f6f2cd9-c67037fb2e6d095d8dad4938_27085_1
  taskdb count --in tasks.db
  taskdb purge '{completed: {$lt: "-7d"}}'`

func (p *program) rootCommand() *cobra.Command {
	var config configFlag
	root := &cobra.Command{
		Use:           "taskdb",
		Short:         "Keep tasks, and answer MongoDB's questions about them",
		Long:          rootLong,
		Example:       rootExample,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return config.configure(cmd)
		},
	}
	config.register(root)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	p.addCommands(root, &config)
	return root
}

// addCommands adds all commands, by what people come for.
func (p *program) addCommands(root *cobra.Command, config *configFlag) {
	addGroup(root, "Ask:",
		p.findCommand(),
		p.getCommand(),
		p.countCommand(),
		p.distinctCommand(),
		p.historyCommand(),
		p.explainCommand(),
	)
	addGroup(root, "Fill and copy:",
		p.importCommand(),
		p.addCommand(),
		p.exportCommand(),
		p.copyCommand(),
		p.diffCommand(),
	)
	addGroup(root, "Change:",
		p.updateCommand(),
		p.dropCommand(),
		p.purgeCommand(),
	)
	addGroup(root, "Run tasks:",
		p.submitCommand(),
		p.workCommand(),
		p.resultCommand(),
		p.resubmitCommand(),
		p.cancelCommand(),
		p.priorityCommand(),
		p.chainCommand(),
		p.queuesCommand(),
	)
	addGroup(root, "Stop and go on:", p.stopCommands()...)
	addGroup(root, "Keep:",
		p.storeCommand(),
		p.collectionsCommand(),
		p.indexesCommand(),
		p.statsCommand(),
		p.compactCommand(),
	)
	addGroup(root, "Serve:",
		p.serveCommand(),
		p.userCommand(),
		p.configCommand(config),
	)
	root.AddCommand(p.versionCommand())
}

// addGroup adds commands under a title of their own.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, command := range commands {
		command.GroupID = title
		root.AddCommand(command)
	}
}
