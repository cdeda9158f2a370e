package main

import (
	"context"
	"maps"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	// checkedPaths bounds how many paths of a query are looked for: each one that
	// is missing costs a scan.
	checkedPaths = 20
	// sampledRecords is how many records tell which keys there are.
	sampledRecords = 1000
)

// pointOut tells the user of paths that no record has, and what may have been
// meant. It is a hint: the answer stays MongoDB's.
func (p *program) pointOut(ctx context.Context, db *taskdb.DB, cmd *cobra.Command, paths []string) error {
	stored, err := db.Count(ctx, taskdb.Query{Limit: 1})
	if err != nil || stored == 0 {
		return err
	}
	told := map[string]bool{}
	for _, path := range paths[:min(len(paths), checkedPaths)] {
		missing, err := firstMissing(ctx, db, path)
		if err != nil {
			return err
		}
		if missing == "" || told[missing] {
			continue
		}
		told[missing] = true
		nearest, err := nearestPath(ctx, db, missing)
		if err != nil {
			return err
		}
		p.note(cmd.CommandPath(), "no record has the key %s%s", printable(missing), meant(nearest))
	}
	return nil
}

func meant(path string) string {
	if path == "" {
		return ""
	}
	return "; did you mean " + printable(path) + "?"
}

// firstMissing returns the shortest beginning of a path that no record has, or "".
func firstMissing(ctx context.Context, db *taskdb.DB, path string) (string, error) {
	parts := strings.Split(path, ".")
	for n := range parts {
		beginning := strings.Join(parts[:n+1], ".")
		found, err := db.Count(ctx, taskdb.Query{Filter: condition(beginning, "$exists", true), Limit: 1})
		if err != nil || found == 0 {
			return beginning, err
		}
	}
	return "", nil
}

// nearestPath returns the path, beside a missing one, that was most likely meant.
func nearestPath(ctx context.Context, db *taskdb.DB, missing string) (string, error) {
	dot := strings.LastIndexByte(missing, '.')
	var parent []string
	if dot >= 0 {
		parent = strings.Split(missing[:dot], ".")
	}
	keys, err := keysBelow(ctx, db, parent)
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

// keysBelow returns the keys of the documents at a path, in the first records.
// Without a path they are the keys of records, also those that the model has.
func keysBelow(ctx context.Context, db *taskdb.DB, path []string) (map[string]bool, error) {
	keys := map[string]bool{}
	if len(path) == 0 {
		model, err := taskdb.TaskRecord{}.MarshalBSON()
		if err != nil {
			return nil, err
		}
		addKeys(keys, model)
	}
	for doc, err := range db.FindRaw(ctx, taskdb.Query{Limit: sampledRecords}) {
		if err != nil {
			return nil, err
		}
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
