package spelling

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Paths returns the paths that a valid filter asks about, each once, in the
// order in which they stand, through $and, $or and $nor. Paths below an
// $elemMatch are not among them.
func Paths(filter bson.Raw) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(appendPaths(nil, filter), func(path string) bool {
		before := seen[path]
		seen[path] = true
		return before
	})
}

func appendPaths(paths []string, filter bson.Raw) []string {
	elements, _ := filter.Elements()
	for _, element := range elements {
		key := element.Key()
		switch {
		case key == "$and" || key == "$or" || key == "$nor":
			branches, _ := element.Value().Array().Values()
			for _, branch := range branches {
				paths = appendPaths(paths, branch.Document())
			}
		case !strings.HasPrefix(key, "$"):
			paths = append(paths, key)
		}
	}
	return paths
}
