package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

const importLong = `Import stores the records of each FILE: a database of IPython parallel (tasks.db),
JSON lines as export and mongoexport write them, a BSON dump as mongodump and export
write it, or CSV if its name ends in .csv. A - is JSON or BSON on standard input.

The first line of CSV names the keys, or paths as header.username. A value that is a
number, true or false, a date with its zone or Extended JSON is that, but in the keys
of tasks that are text, as msg_id; all else is text, and nothing leaves the key out.

A record whose _id or msg_id is stored already is left as it is, and counted. So
an import can be interrupted, and be run again for the rest: what was stored by
then stays. The files are not changed.`

const importExample = `  taskdb import ~/.ipython/profile_default/security/tasks.db
  taskdb import --store sqlite:tasks.db jan.jsonl feb.jsonl.gz dump/hub/tasks.bson
  ssh hub taskdb export --since 1d | taskdb import -`

func (p *program) importCommand() *cobra.Command {
	var (
		store  storeFlags
		format string
	)
	cmd := &cobra.Command{
		Use:     "import FILE...",
		Short:   "Store the records of files",
		Long:    importLong,
		Example: importExample,
		Args:    someFiles,
	}
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	store.register(cmd)
	store.alwaysWrites(cmd)
	cmd.Flags().StringVar(&format, "format", "", "read the files as `FORMAT`: csv; the others are told by their content")
	cmd.RunE = p.action(func(ctx context.Context, files []string) error {
		if format != "" && format != formatCSV {
			return usage("want csv, or leave it out: other formats are told by the content", "unknown --format %q", format)
		}
		return store.write(ctx, p, func(db *taskdb.DB) error {
			unread := 0
			for _, file := range files {
				n, err := p.importFile(ctx, db, file, format == formatCSV)
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
func (p *program) importFile(ctx context.Context, db *taskdb.DB, file string, isCSV bool) (unread int, err error) {
	p.beginProgress("importing "+file, unknown)
	l := p.loader(db, file)
	l.isCSV = isCSV
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
	return l.fates[transfer.Refused], err
}

func (l *loader) summary() string {
	return l.what + ": " + list(2,
		counted{l.fates[transfer.Added], "imported"},
		counted{l.there(), "there already"},
		counted{l.fates[transfer.Different], "of them different"},
		counted{l.fates[transfer.Refused], "left out"})
}
