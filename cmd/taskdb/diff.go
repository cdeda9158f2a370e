package main

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

const diffLong = `Diff tells in which records the two differ: which only one of them has, by their _id,
and of those that are different the paths whose values are. Then it tells, on standard
error, how many there are of each kind.

A and B are what FROM is to copy: stores of any kind, files, folders with a dump. Files
are read into memory. The collections of both are compared, or those of --collection;
of a file and a store only the file's.

Exit code: 0 if all records are the same, byte for byte; 1 if they are not.`

const diffExample = `  taskdb diff sqlite:tasks.db mongodb://localhost/
  taskdb diff tasks.db sqlite:tasks.db --finished
  taskdb diff --limit 10 sqlite:monday.db sqlite:tuesday.db '{queue: "mux"}'`

// diffFlags say what to compare and what to show.
type diffFlags struct {
	collections []string
	filter      filterFlags
	output      outputFlags
	limit       int64
}

func (p *program) diffCommand() *cobra.Command {
	var flags diffFlags
	cmd := &cobra.Command{
		Use:     "diff A B [FILTER]",
		Short:   "Show which records differ between two stores",
		Long:    diffLong,
		Example: diffExample,
		Args:    oneFilter(2),
	}
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveDefault)
	registerCollections(cmd, &flags.collections)
	flags.filter.register(cmd)
	cmd.Flags().Int64Var(&flags.limit, "limit", 0, "show at most `N` records that differ (default all); all are counted")
	flags.output.register(cmd, formTable, listForms...)
	cmd.RunE = p.action(func(ctx context.Context, args []string) error {
		selected, err := flags.filter.selection(filterArg(args, 2), p.now)
		if err != nil {
			return err
		}
		form, err := flags.output.choose(p.stdout, formTable, listForms...)
		if err != nil {
			return err
		}
		if flags.limit < 0 {
			return usage("leave it out for all", "--limit %d is less than none", flags.limit)
		}
		return p.diff(ctx, args[0], args[1], selected.filter, form, &flags)
	})
	return cmd
}

// side is A or B: what is compared.
type side struct {
	db     *taskdb.DB
	names  []string // of collections
	isFile bool
	unread int
}

func (p *program) diff(ctx context.Context, a, b string, filter *query.Filter, form string, flags *diffFlags) error {
	if a == b {
		return usage("name another", "A and B are the same")
	}
	collection, err := ofFile(flags.collections)
	if err != nil {
		return err
	}
	inA, err := p.openSide(ctx, "A", a, collection)
	if err != nil {
		return err
	}
	inB, err := p.openSide(ctx, "B", b, collection)
	if err == nil {
		err = errors.Join(p.compare(ctx, inA, inB, filter, form, flags), inB.db.Close())
	}
	return errors.Join(err, inA.db.Close())
}

// compare shows what differs between two sides.
func (p *program) compare(ctx context.Context, a, b *side, filter *query.Filter, form string, flags *diffFlags) error {
	names, err := chosen(compared(a, b), flags.collections)
	if err != nil {
		return err
	}
	d := differ{p: p, a: a.db, b: b.db, filter: filter, out: p.printer(form, diffColumns), limit: flags.limit}
	for _, name := range names {
		if err := d.compare(ctx, name); err != nil {
			return errors.Join(err, d.out.finish())
		}
	}
	if err := d.out.finish(); err != nil {
		return err
	}
	d.summarize()
	if d.found > 0 {
		err = errors.New("the two differ")
	}
	return errors.Join(err, unreadError(a.unread+b.unread))
}

// openSide opens a store, or reads files into memory.
func (p *program) openSide(ctx context.Context, place, arg, collection string) (*side, error) {
	source, err := p.openOrigin(ctx, place, arg, collection)
	if err != nil {
		return nil, err
	}
	names, err := source.collections(ctx)
	if err != nil {
		return nil, errors.Join(err, source.close())
	}
	if store, ok := source.(storeOrigin); ok {
		return &side{db: store.db, names: names}, nil
	}
	db, err := taskdb.Open(ctx, "dict:?max_bytes=0")
	if err != nil {
		return nil, err
	}
	s := &side{db: db, names: names, isFile: true}
	for _, name := range names {
		l := p.loader(db.In(name), source.(*fileOrigin).paths[name])
		if err := l.load(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
		s.unread += l.fates[transfer.Refused]
	}
	return s, nil
}

// compared returns the collections to compare.
func compared(a, b *side) []string {
	switch {
	case a.isFile && !b.isFile:
		return a.names
	case b.isFile && !a.isFile:
		return b.names
	}
	names := slices.Concat(a.names, b.names)
	slices.Sort(names)
	return slices.Compact(names)
}

// differ compares collections, and shows what differs.
type differ struct {
	p      *program
	a, b   *taskdb.DB
	filter *query.Filter
	out    printer
	limit  int64

	found   int64    // records that differ
	summary []string // a line for each collection
}

// The kinds of what two sides have under one _id.
const (
	theSame   = "the same"
	onlyInA   = "only in A"
	onlyInB   = "only in B"
	different = "different"
)

// compare compares a collection.
func (d *differ) compare(ctx context.Context, name string) error {
	if !isTerminal(d.p.stdout) { // there the differences are to be seen
		d.p.beginProgress("comparing "+name, unknown)
		defer d.p.endProgress()
	}
	counts := map[string]int{}
	read := 0
	for pair, err := range transfer.Pairs(ctx, d.a.In(name), d.b.In(name), d.filter) {
		if err != nil {
			return err
		}
		kind, where := kindOf(pair)
		counts[kind]++
		read++
		d.p.showProgress(read)
		if kind == theSame {
			continue
		}
		if d.found++; d.limit > 0 && d.found > d.limit {
			continue
		}
		if err := d.out.print(differenceDocument(name, kind, pair, where)); err != nil {
			return err
		}
	}
	d.summary = append(d.summary, name+": "+list(4,
		counted{counts[theSame], theSame},
		counted{counts[onlyInA], onlyInA},
		counted{counts[onlyInB], onlyInB},
		counted{counts[different], different}))
	return nil
}

func kindOf(pair transfer.Pair) (kind string, where transfer.Discrepancy) {
	switch {
	case pair.B == nil:
		return onlyInA, where
	case pair.A == nil:
		return onlyInB, where
	}
	where, same := transfer.Compare(pair.A, pair.B)
	if same {
		return theSame, where
	}
	return different, where
}

// differenceDocument is what diff prints of a record.
func differenceDocument(collection, kind string, pair transfer.Pair, where transfer.Discrepancy) bson.Raw {
	record := pair.A
	if record == nil {
		record = pair.B
	}
	id := record.Lookup("_id")
	doc := bsoncore.NewDocumentBuilder().
		AppendString("collection", collection).
		AppendValue("_id", bsoncore.Value{Type: bsoncore.Type(id.Type), Data: id.Value}).
		AppendString("difference", kind)
	if kind == different {
		paths := bsoncore.NewArrayBuilder()
		for _, path := range where.Paths {
			paths.AppendString(path)
		}
		doc.AppendArray("paths", paths.Build()).AppendBoolean("order", where.Order)
	}
	return bson.Raw(doc.Build())
}

var diffColumns = []column{
	{title: "collection", cell: textOf("collection"), whole: true},
	{title: "_id", cell: textOf("_id"), whole: true},
	{title: "difference", cell: textOf("difference"), whole: true},
	{title: "where", cell: whereCell, optional: true},
}

// whereCell lists where a record differs.
func whereCell(doc bson.Raw) string {
	array, ok := doc.Lookup("paths").ArrayOK()
	if !ok {
		return ""
	}
	var where transfer.Discrepancy
	values, _ := array.Values()
	for _, v := range values {
		where.Paths = append(where.Paths, v.StringValue())
	}
	where.Order = doc.Lookup("order").Boolean()
	return wording(where)
}

// summarize tells how many records there are of each kind.
func (d *differ) summarize() {
	if len(d.summary) == 0 {
		d.p.note("taskdb", "neither A nor B has collections")
	}
	for _, line := range d.summary {
		d.p.note("taskdb", "%s", line)
	}
}
