package dict

import (
	"fmt"
	"net/url"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// defaultBytes is how much a collection of a store holds whose URL does not say.
const defaultBytes = 1 << 30

// parseOptions reads the options of a store's URL.
func parseOptions(query string) (taskdb.Bounds, error) {
	b := taskdb.Bounds{Bytes: defaultBytes, Cull: bounds.DefaultCull}
	options, err := url.ParseQuery(query)
	if err != nil {
		return b, fmt.Errorf("options %q: %w", query, err)
	}
	for name, given := range options {
		if len(given) != 1 {
			return b, fmt.Errorf("option %s is given %d times", name, len(given))
		}
		known, err := bounds.Set(&b, name, given[0])
		switch {
		case err != nil:
			return b, err
		case !known:
			return b, fmt.Errorf("unknown option %q, want one of: %s", name, bounds.Options)
		}
	}
	return b, nil
}
