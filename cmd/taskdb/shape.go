package main

import (
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/shelljson"
	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// keysFlags say what to show of each record.
type keysFlags struct {
	keys, projection string
}

func (f *keysFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.keys, "keys", "", "show these `KEYS` beside msg_id: a,b or [\"a\", \"b\"] (default all but buffers and result_buffers)")
	flags.StringVar(&f.projection, "projection", "", "show what a MongoDB `PROJECTION` says: {result_content: 1}; {} is all, with _id and buffers")
}

// apply adds what the flags say to a query.
func (f *keysFlags) apply(q *taskdb.Query) error {
	if f.keys != "" && f.projection != "" {
		return usage("add the keys to the projection", "--keys and --projection exclude each other")
	}
	keys, err := parseKeys(f.keys)
	if err != nil {
		return err
	}
	q.Keys = keys
	if f.projection == "" {
		return nil
	}
	projection, err := query.ParseProjectionValue(f.projection)
	if err != nil {
		return wrongText("projection", f.projection, err)
	}
	q.Projection = projection
	return nil
}

// parseKeys reads a list with commas, or an array of strings.
func parseKeys(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return splitList("keys", text)
	}
	list, err := shelljson.ParseValue(text)
	if err != nil {
		return nil, wrongText("list of keys", text, err)
	}
	var keys []string
	if err := list.Unmarshal(&keys); err != nil {
		return nil, usage(`write them as a,b or as ["a", "b"]`, "wrong list of keys: only strings can be keys")
	}
	return keys, nil
}

// splitList reads a list with commas.
func splitList(what, text string) ([]string, error) {
	items := strings.Split(text, ",")
	for i, item := range items {
		if items[i] = strings.TrimSpace(item); items[i] == "" {
			return nil, usage("write them as a,b", "wrong list of %s: %q has an empty one", what, text)
		}
	}
	return items, nil
}

// windowFlags say which of the selected records to show, and in which order.
type windowFlags struct {
	sort        string
	skip, limit int64
}

func (f *windowFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.sort, "sort", "submitted,msg_id", "sort by these `PATHS`, a minus for descending: -completed,msg_id; or {completed: -1, msg_id: 1}")
	flags.Int64Var(&f.skip, "skip", 0, "leave out the first `N` records")
	flags.Int64Var(&f.limit, "limit", 0, "show at most `N` records (default all)")
}

// apply adds what the flags say to a query.
func (f *windowFlags) apply(q *taskdb.Query) error {
	sort, err := parseSort("sort", f.sort)
	if err != nil {
		return err
	}
	q.Sort, q.Skip, q.Limit = sort, f.skip, f.limit
	return nil
}

// paths returns the paths of the sort that was asked for, none by default.
func (f *windowFlags) paths(cmd *cobra.Command) []string {
	sort, err := parseSort("sort", f.sort)
	if err != nil || !cmd.Flags().Changed("sort") {
		return nil
	}
	return spelling.Paths(sort.Source())
}

// parseSort reads a sort, or what else is written as one: a document, or a list of
// paths with commas in which a minus stands for -1.
func parseSort(what, text string) (*query.Sort, error) {
	var spec any = text
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		paths, err := splitList(what+" keys", text)
		if err != nil {
			return nil, err
		}
		spec = sortOf(paths)
	}
	sort, err := query.ParseSortValue(spec)
	if err != nil {
		return nil, wrongText(what, text, err)
	}
	return sort, nil
}

func sortOf(paths []string) bson.D {
	var sort bson.D
	for _, path := range paths {
		direction := 1
		if rest, down := strings.CutPrefix(path, "-"); down {
			path, direction = rest, -1
		}
		sort = append(sort, bson.E{Key: path, Value: direction})
	}
	return sort
}
