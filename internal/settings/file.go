package settings

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/taskdb/taskdb/internal/spelling"
)

// File is a file of settings.
type File struct {
	path   string
	values map[string][]string // by key; one, or those of a list
}

// ReadFile reads a file of settings. If there is none the error is fs.ErrNotExist.
func ReadFile(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		return nil, fmt.Errorf("read settings: %s: %w", path, err)
	}
	f := &File{path, map[string][]string{}}
	if err := f.take("", tables); err != nil {
		return nil, fmt.Errorf("read settings: %s: %w", path, err)
	}
	return f, nil
}

// take takes what a table has.
func (f *File) take(prefix string, table map[string]any) error {
	for key, value := range table {
		key = prefix + key
		if inner, isTable := value.(map[string]any); isTable {
			if err := f.take(key+".", inner); err != nil {
				return err
			}
			continue
		}
		values, err := texts(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		f.values[key] = values
	}
	return nil
}

// texts returns a value, or those of a list, as flags take them.
func texts(value any) ([]string, error) {
	switch value := value.(type) {
	case string, bool, int64, float64:
		return []string{fmt.Sprint(value)}, nil
	case []any:
		list := []string{}
		for _, item := range value {
			one, err := texts(item)
			if err != nil {
				return nil, err
			}
			list = append(list, one...)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a setting is a string, a number, true, false or a list of them, and not %v", value)
}

// Check fails if the file has a key that is none of the known ones.
func (f *File) Check(known []string) error {
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			return &UnknownError{f.path, key, nearest(key, known)}
		}
	}
	return nil
}

// nearest returns the key that was meant, or empty: one that lacks its table, or that
// is spelt nearly so.
func nearest(key string, known []string) string {
	for _, candidate := range known {
		if strings.HasSuffix(candidate, "."+key) {
			return candidate
		}
	}
	return spelling.Nearest(key, slices.Values(known))
}

// UnknownError says that there is no setting of a key.
type UnknownError struct {
	Path    string // of the file
	Key     string
	Nearest string // what may have been meant, or empty
}

// Error says which file has the key.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s: there is no setting %s", e.Path, e.Key)
}
