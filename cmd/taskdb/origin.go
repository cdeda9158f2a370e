package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/bsondump"
	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

// origin is what records are copied from.
type origin interface {
	// collections returns the collections that it has.
	collections(ctx context.Context) ([]string, error)
	// count returns how many records of a collection a filter selects, or unknown.
	count(ctx context.Context, collection string, filter *query.Filter) (int64, error)
	// each has do read the records that a filter selects.
	each(ctx context.Context, collection string, filter *query.Filter, do func(transfer.Records) error) error
	indexes(ctx context.Context, collection string) ([]taskdb.IndexInfo, error)
	close() error
}

// openOrigin opens what an argument names: a store by its URL, else a file, a folder
// with a dump, or standard input, whose records are of the collection if they do not
// say. place says which argument it is.
func (p *program) openOrigin(ctx context.Context, place, arg, collection string) (origin, error) {
	if isStoreURL(arg) {
		return openStoreOrigin(ctx, place, arg)
	}
	files := &fileOrigin{p: p, paths: map[string]string{collection: arg}}
	if arg == "-" {
		return files, nil
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usage(storeHint, "%s is neither a file nor the URL of a store: %q", place, arg)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", place, err)
	case info.IsDir():
		return p.openDump(arg)
	case !info.Mode().IsRegular():
		return files, nil
	}
	reader, err := importers.Open(ctx, arg)
	if err != nil {
		return nil, &hinted{err, "if it is a store: sqlite:" + arg}
	}
	return files, reader.Close()
}

// isStoreURL tells whether an argument is meant as the URL of a store.
func isStoreURL(arg string) bool {
	scheme, _, ok := strings.Cut(arg, ":")
	if !ok || slices.Contains(schemes, scheme) {
		return ok
	}
	_, err := os.Stat(arg)
	u, wrong := url.Parse(arg)
	return err != nil && (wrong != nil || len(u.Scheme) > 1) // C:\tasks.db is none
}

func (p *program) openDump(folder string) (origin, error) {
	dumps, err := bsondump.Collections(folder)
	if err != nil {
		return nil, err
	}
	if len(dumps) == 0 {
		return nil, usage("want a folder with DATABASE/COLLECTION.bson, as mongodump makes it", "there is no dump in the folder %s", folder)
	}
	files := &fileOrigin{p: p, paths: map[string]string{}}
	for _, dump := range dumps {
		files.paths[dump.Name] = dump.Path
	}
	return files, nil
}

// storeOrigin is a store.
type storeOrigin struct{ db *taskdb.DB }

func openStoreOrigin(ctx context.Context, place, arg string) (origin, error) {
	at, err := locate(place, arg)
	if err != nil {
		return nil, err
	}
	db, err := at.openToRead(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no store at %s", at)
	}
	if err != nil {
		return nil, err
	}
	return storeOrigin{db}, nil
}

func (o storeOrigin) collections(ctx context.Context) ([]string, error) { return o.db.Collections(ctx) }

func (o storeOrigin) count(ctx context.Context, collection string, filter *query.Filter) (int64, error) {
	return o.db.In(collection).Count(ctx, taskdb.Query{Filter: filter})
}

func (o storeOrigin) each(ctx context.Context, collection string, filter *query.Filter, do func(transfer.Records) error) error {
	return do(transfer.Collection(ctx, o.db.In(collection), filter))
}

func (o storeOrigin) indexes(ctx context.Context, collection string) ([]taskdb.IndexInfo, error) {
	return o.db.In(collection).Indexes(ctx)
}

func (o storeOrigin) close() error { return o.db.Close() }

// fileOrigin is one file, or those of a dump.
type fileOrigin struct {
	p     *program
	paths map[string]string // of collections
}

func (o *fileOrigin) collections(context.Context) ([]string, error) {
	var names []string
	for name := range o.paths {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (o *fileOrigin) count(context.Context, string, *query.Filter) (int64, error) {
	return unknown, nil
}

func (o *fileOrigin) each(ctx context.Context, collection string, filter *query.Filter, do func(transfer.Records) error) error {
	reader, err := o.p.openRecords(ctx, o.paths[collection], false)
	if err != nil {
		return err
	}
	return errors.Join(do(transfer.Selected(reader.Records(ctx), filter)), reader.Close())
}

// indexes are those that are noted beside a BSON dump.
func (o *fileOrigin) indexes(_ context.Context, collection string) ([]taskdb.IndexInfo, error) {
	return bsondump.ReadIndexes(o.paths[collection])
}

func (o *fileOrigin) close() error { return nil }

// chosen returns the collections of those that there are that were asked for, or all.
func chosen(there, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return there, nil
	}
	for _, name := range asked {
		if !slices.Contains(there, name) {
			err := error(&missing{"collection", name})
			if near := spelling.Nearest(name, slices.Values(there)); near != "" {
				err = &hinted{err, "did you mean " + near + "?"}
			}
			return nil, err
		}
	}
	return asked, nil
}
