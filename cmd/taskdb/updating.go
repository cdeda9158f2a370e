package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/shelljson"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// updateFlags say how to update.
type updateFlags struct {
	arrayFilters             []string
	one, upsert, dryRun, yes bool
	sort                     string
}

func (f *updateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "change nothing, and tell what would be changed")
	flags.BoolVar(&f.yes, "yes", false, "yes, change more than one record")
	flags.BoolVar(&f.one, "one", false, "change the first record only")
	flags.StringVar(&f.sort, "sort", "submitted,msg_id", "with --one, the first by these `PATHS`, a minus for descending")
	flags.BoolVar(&f.upsert, "upsert", false, "if no record is selected, add one: what FILTER asks equality of, changed by UPDATE")
	flags.StringArrayVar(&f.arrayFilters, "array-filter", nil, "the elements that $[name] in UPDATE stands for, by a `FILTER` on name: {\"name.key\": 1} (repeat it for several)")
}

// updating is a checked update.
type updating struct {
	filter *query.Filter
	update *query.Update
	one    bool        // the first only
	sort   *query.Sort // which is the first
	upsert bool
}

// change checks an UPDATE and the flags.
func (f *updateFlags) change(cmd *cobra.Command, filter *query.Filter, text string, now time.Time) (*updating, error) {
	update, err := parseUpdate(text, f.arrayFilters, now)
	if err != nil {
		return nil, err
	}
	c := &updating{filter: filter, update: update, one: f.one, sort: &query.Sort{}, upsert: f.upsert}
	switch {
	case f.one && f.yes:
		return nil, usage("leave one of them out", "--one and --yes exclude each other")
	case f.one:
		c.sort, err = parseSort("sort", f.sort)
	case cmd.Flags().Changed("sort"):
		return nil, usage("add --one, or leave it out", "--sort says which is the first record, and goes with --one")
	}
	return c, err
}

func parseUpdate(text string, arrayFilters []string, now time.Time) (*query.Update, error) {
	source, err := readUpdate(text, now)
	if err != nil {
		return nil, err
	}
	filters := make([]any, len(arrayFilters))
	for i, text := range arrayFilters {
		if filters[i], err = query.Document(text); err != nil {
			return nil, wrongText("array filter", text, err)
		}
	}
	update, err := query.ParseUpdateValue(source, filters...)
	if err != nil {
		return nil, wrongText("update", text, err)
	}
	return update, nil
}

// readUpdate reads an UPDATE as query.ParseUpdateValue takes it: a document of
// operators, or the list of a pipeline's stages.
func readUpdate(text string, now time.Time) (any, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		stages, err := shelljson.ParseValue(text)
		if err != nil {
			return nil, wrongText("update", text, err)
		}
		return datesInPipeline(bson.RawArray(stages.Value), now)
	}
	doc, err := query.Document(text)
	if err != nil {
		return nil, wrongText("update", text, err)
	}
	if first, err := doc.IndexErr(0); err != nil || !strings.HasPrefix(first.Key(), "$") {
		return nil, usage("set a key: {$set: {key: …}}; remove one: {$unset: {key: 1}}", "wrong update: it has no operator, and would take the place of the whole record")
	}
	return datesInUpdate(doc, now)
}

// paths returns the paths that the update changes, as far as they lead through
// documents.
func (c *updating) paths() []string {
	if !c.update.IsPipeline() {
		return appendPaths(nil, c.update.Source())
	}
	var paths []string
	for _, stage := range c.update.Stages() {
		paths = appendPaths(paths, stage)
	}
	return paths
}

// appendPaths appends the paths below operators, or below a stage, each once.
func appendPaths(paths []string, operators bson.Raw) []string {
	elements, _ := operators.Elements()
	for _, operator := range elements {
		doc, _ := operator.Value().DocumentOK()
		fields, _ := doc.Elements()
		for _, field := range fields {
			path, _, _ := strings.Cut(field.Key(), ".$")
			if !strings.HasPrefix(path, "$") && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// tryUpdate tells what an update would do.
func (p *program) tryUpdate(ctx context.Context, db *taskdb.DB, c *updating) error {
	var matched, changed int
	q := taskdb.Query{Filter: c.filter, Sort: c.sort, Projection: c.projection()}
	if c.one {
		q.Limit = 1
	}
	for doc, err := range db.FindRaw(ctx, q) {
		if err != nil {
			return err
		}
		modified, err := c.try(doc, p.now)
		if err != nil {
			return err
		}
		matched++
		if modified {
			changed++
		}
	}
	summary := fmt.Sprintf("%d matched, %d would be changed", matched, changed)
	if matched == 0 && c.upsert {
		if _, err := c.update.Upsert(c.filter, p.now); err != nil {
			return notSuited(err)
		}
		summary += ", 1 would be added"
	}
	_, err := fmt.Fprintln(p.stdout, summary)
	return err
}

// try tells whether the update would make a record another.
func (c *updating) try(doc bson.Raw, now time.Time) (modified bool, err error) {
	const anySize = math.MaxInt32 // the buffers count apart
	after, modified, err := c.update.WithMaxSize(anySize).Apply(doc, c.filter, now)
	if err == nil {
		err = taskdb.CheckSize(after, 0, query.CodeUpdateTooLarge)
	}
	if err != nil {
		return false, notSuited(err)
	}
	return modified, nil
}

// projection leaves out buffers that the update has nothing to do with.
func (c *updating) projection() bson.D {
	projection := bson.D{}
	for _, key := range []string{"buffers", "result_buffers"} {
		if !c.filter.Needs(key) && !c.update.Needs(key) {
			projection = append(projection, bson.E{Key: key, Value: 0})
		}
	}
	return projection
}
