package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
)

const importLong = `Import stores the records of each FILE: a database of IPython parallel (tasks.db),
or JSON lines as export and mongoexport write them. A - is JSON on standard input.

A record whose _id or msg_id is stored already is left as it is, and counted. So
an import can be interrupted, and be run again for the rest: what was stored by
then stays. The files are not changed.`

const importExample = `  taskdb import ~/.ipython/profile_default/security/tasks.db
  taskdb import --store sqlite:tasks.db jan.jsonl feb.jsonl.gz
  ssh hub taskdb export --since 1d | taskdb import -`

func (p *program) importCommand() *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:     "import FILE...",
		Short:   "Store the records of files",
		Long:    importLong,
		Example: importExample,
		Args:    someFiles,
	}
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	store.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, files []string) error {
		return store.write(ctx, p, func(db *taskdb.DB) error {
			unread := 0
			for _, file := range files {
				n, err := p.importFile(ctx, db, file)
				if err != nil {
					return err
				}
				unread += n
			}
			return unreadError(unread)
		})
	})
	return cmd
}

func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage("want: "+cmd.UseLine(), "no file was given")
	}
	return nil
}

// importFile stores the records of a file and tells what became of them, whether
// or not the file came to its end. It returns how many it could not read or store.
func (p *program) importFile(ctx context.Context, db *taskdb.DB, file string) (unread int, err error) {
	p.beginProgress("importing " + file)
	l := loader{db: db, path: file, notes: notes{p: p}}
	err = l.load(ctx)
	p.endProgress()
	if l.nameless > 0 {
		p.note("taskdb", "%s: records with neither _id nor msg_id, which another import would store again: %d", file, l.nameless)
	}
	if ctx.Err() != nil && l.read > 0 {
		err = &hinted{err, "what is counted is stored; run it again for the rest"}
	}
	if err == nil || l.read > 0 {
		_, writeErr := fmt.Fprintln(p.stdout, l.summary())
		err = errors.Join(err, writeErr)
	}
	return l.unread, err
}

func (l *loader) summary() string {
	s := fmt.Sprintf("%s: %d imported, %d there already", l.path, l.added, l.doubles)
	if l.unread > 0 {
		s += fmt.Sprintf(", %d left out", l.unread)
	}
	return s
}
