package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// checkedPaths bounds how many paths of a query are looked for.
const checkedPaths = 20

// pointOut tells the user of paths that no record has, and what may have been
// meant. It is a hint: the answer stays MongoDB's. It looks at few records, and so
// costs the same in every store.
func (p *program) pointOut(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, paths []string) error {
	return p.pointOutIf(ctx, db, cmd, paths, func(string) bool { return true })
}

// pointOutNew is pointOut for paths that an update makes: they may well be new, and
// only those are pointed out that are nearly a key that there is.
func (p *program) pointOutNew(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, paths []string) error {
	return p.pointOutIf(ctx, db, cmd, paths, func(nearest string) bool { return nearest != "" })
}

// pointOutIf points out the missing paths for whose nearest one this is wanted.
func (p *program) pointOutIf(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, paths []string, wanted func(nearest string) bool) error {
	paths = paths[:min(len(paths), checkedPaths)]
	var seen sampled
	for _, size := range []int64{10, 500} { // most paths are in the first records
		var err error
		if seen, err = takeSample(ctx, db, size); err != nil {
			return err
		}
		if paths = seen.missing(paths); len(paths) == 0 || len(seen.records) == 0 {
			return nil
		}
	}
	nobody := "no record has"
	if !seen.all {
		nobody = fmt.Sprintf("none of the %d records looked at has", len(seen.records))
	}
	for _, path := range paths {
		nearest, err := seen.nearest(path)
		if err != nil {
			return err
		}
		if wanted(nearest) {
			p.note(cmd.CommandPath(), "%s the key %s%s", nobody, printable(path), meant(nearest))
		}
	}
	return nil
}

func meant(path string) string {
	if path == "" {
		return ""
	}
	return "; did you mean " + printable(path) + "?"
}

// sampled is some records of a collection, without their buffers.
type sampled struct {
	records []bson.Raw
	all     bool // there are no others
}

// sampledBytes is about how large a sample gets.
const sampledBytes = 16 << 20

// takeSample returns the first and the last records by _id, so many of each.
func takeSample(ctx context.Context, db *taskdb.DB, size int64) (sampled, error) {
	s := sampled{all: true}
	bytes := 0
	for _, direction := range []int{1, -1} {
		n := int64(0)
		for doc, err := range db.FindRaw(ctx, taskdb.Query{Sort: bson.D{{Key: "_id", Value: direction}}, Limit: size}) {
			if err != nil {
				return s, err
			}
			s.records = append(s.records, doc)
			n++
			if bytes += len(doc); bytes > sampledBytes {
				s.all = false
				return s, nil
			}
		}
		if n < size {
			return s, nil
		}
		s.all = false
	}
	return s, nil
}

// missing returns, of each path that no record has, the shortest beginning that
// none has, each once.
func (s sampled) missing(paths []string) []string {
	var missing []string
	for _, path := range paths {
		parts := strings.Split(path, ".")
		for n := range parts {
			beginning := strings.Join(parts[:n+1], ".")
			if s.has(beginning) {
				continue
			}
			if !slices.Contains(missing, beginning) {
				missing = append(missing, beginning)
			}
			break
		}
	}
	return missing
}

// unsampled are keys that a sample does not show, and that need no hint.
var unsampled = []string{"_id", "buffers", "result_buffers"}

// has tells whether a record has a path.
func (s sampled) has(path string) bool {
	if top, _, _ := strings.Cut(path, "."); slices.Contains(unsampled, top) {
		return true
	}
	exists, err := query.Parse(condition(path, "$exists", true))
	return err != nil || slices.ContainsFunc(s.records, func(doc bson.Raw) bool {
		found, err := exists.Match(doc)
		return found || err != nil
	})
}

// nearest returns the path, beside a missing one, that was most likely meant.
func (s sampled) nearest(missing string) (string, error) {
	dot := strings.LastIndexByte(missing, '.')
	var parent []string
	if dot >= 0 {
		parent = strings.Split(missing[:dot], ".")
	}
	keys, err := s.keysBelow(parent)
	if err != nil {
		return "", err
	}
	word := missing[dot+1:]
	if keys[word] { // of the model: it is spelt right
		return "", nil
	}
	nearest := spelling.Nearest(word, maps.Keys(keys))
	if nearest == "" {
		return "", nil
	}
	return missing[:dot+1] + nearest, nil
}

// keysBelow returns the keys of the documents at a path. Without a path they are
// the keys of records, also those that the model has.
func (s sampled) keysBelow(path []string) (map[string]bool, error) {
	keys := map[string]bool{}
	if len(path) == 0 {
		model, err := taskdb.TaskRecord{}.MarshalBSON()
		if err != nil {
			return nil, err
		}
		addKeys(keys, model)
	}
	for _, doc := range s.records {
		if len(path) > 0 {
			doc, _ = doc.Lookup(path...).DocumentOK()
		}
		addKeys(keys, doc)
	}
	return keys, nil
}

func addKeys(keys map[string]bool, doc bson.Raw) {
	elements, _ := doc.Elements()
	for _, element := range elements {
		keys[element.Key()] = true
	}
}
