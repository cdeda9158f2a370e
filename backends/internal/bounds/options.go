// Package bounds is what backends that keep taskdb.Bounds have in common: the
// options of their URLs, how much has to go when a bound is passed, and what
// becomes of a lost task.
package bounds

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/taskdb/taskdb/taskdb"
)

// Options are the names of the options that Set knows.
const Options = "cull, lost_after, max_bytes, max_records"

// DefaultCull is the Cull of a store whose URL does not say any.
const DefaultCull = 0.1

// Set sets the bound that an option of a store's URL says. It tells whether it
// knows the option.
func Set(b *taskdb.Bounds, option, text string) (known bool, err error) {
	var ok bool
	var want string
	switch option {
	case "max_records":
		b.Records, err = strconv.ParseInt(text, 10, 64)
		ok, want = err == nil && b.Records >= 0, "a number of records, 0 for any"
	case "max_bytes":
		var size uint64
		size, err = humanize.ParseBytes(text)
		b.Bytes = int64(min(size, math.MaxInt64))
		ok, want = err == nil, "a size like 500MB or 2GiB, 0 for any"
	case "cull":
		b.Cull, err = strconv.ParseFloat(text, 64)
		ok, want = err == nil && b.Cull >= 0 && b.Cull <= 1, "a part from 0 to 1"
	case "lost_after":
		b.LostAfter, err = time.ParseDuration(text)
		ok, want = err == nil && b.LostAfter >= 0, "a duration like 24h, 0s for never"
	default:
		return false, nil
	}
	if !ok {
		return true, fmt.Errorf("option %s is %q, want %s", option, text, want)
	}
	return true, nil
}
