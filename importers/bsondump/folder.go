package bsondump

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Collection is the dump of a collection.
type Collection struct {
	Name string // "database.collection"
	Path string
}

// Collections returns the collections of a dump's folder, by their names. What
// mongodump keeps of the server itself, its users and views, is not among them. A
// folder without any dump has no collections.
func Collections(folder string) ([]Collection, error) {
	list, err := collectionsIn(folder)
	if err != nil {
		return nil, fmt.Errorf("read dump: %w", err)
	}
	slices.SortFunc(list, func(a, b Collection) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func collectionsIn(folder string) (list []Collection, err error) {
	databases, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, database := range databases {
		if !database.IsDir() || slices.Contains([]string{"admin", "config", "local"}, database.Name()) {
			continue
		}
		files, err := os.ReadDir(filepath.Join(folder, database.Name()))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			path := filepath.Join(folder, database.Name(), file.Name())
			name, err := collectionIn(path)
			if err != nil {
				return nil, err
			}
			if name != "" && !strings.HasPrefix(name, "system.") {
				list = append(list, Collection{database.Name() + "." + name, path})
			}
		}
	}
	return list, nil
}

// collectionIn returns the name, after the database, of the collection whose dump is
// at a path, or "" if there is none. mongodump writes names as URLs have them, and
// whole in the metadata.
func collectionIn(path string) (string, error) {
	name, isDump := strings.CutSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".bson")
	if !isDump {
		return "", nil
	}
	m, err := readMetadata(path)
	if err != nil || m.Collection != "" {
		return m.Collection, err
	}
	return url.PathUnescape(name)
}
