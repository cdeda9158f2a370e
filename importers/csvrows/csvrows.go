// Package csvrows reads and writes records as CSV (RFC 4180): lines of values with
// commas between them, the first line names the paths of the columns.
//
// CSV has no types. A [Writer] writes
//
//   - texts as they are, numbers and booleans plainly, a double that is whole with a
//     fraction (1.0);
//   - dates as ISO 8601 in UTC, 2026-11-22T10:00:00.5Z;
//   - documents, arrays and all else as relaxed Extended JSON: {"a":1}, {"$oid":…};
//   - null, and what is missing, as nothing.
//
// A [Reader] takes
//
//   - nothing as a missing key;
//   - a value of one of the [TextKeys] as text, whatever it is;
//   - a number as JSON writes it as a number: int32 if it fits, else int64, else
//     double; with a fraction or an exponent, double;
//   - true and false as booleans;
//   - a date with its zone, 2026-11-22T10:00:00Z, as a date;
//   - an object or an array in Extended JSON as what it is;
//   - all else as text: 007, +1, 2026-11-22, a msg_id.
//
// So what was written is read as it was, but for these: null and empty text are
// missing then, int64 may be int32, a text that looks like something else is that,
// and a document that several columns are parts of has these parts only. A column
// for a key within a document, header.username, makes the document.
package csvrows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TextKeys are the keys whose values are text in a record of a task.
var TextKeys = []string{
	"msg_id", "client_uuid", "engine_uuid", "resubmitted", "queue", "label", "execute_input", "stdout", "stderr", "pyin",
}

// ErrFormat is returned for a file that cannot be CSV: it has a NUL, or begins as
// JSON does.
var ErrFormat = errors.New("not CSV: it has a NUL, or begins as JSON does")

// CheckPaths refuses columns that cannot be those of one document: without a name,
// twice the same, or one within another.
func CheckPaths(paths []string) error {
	for i, path := range paths {
		switch {
		case slices.Contains(strings.Split(path, "."), ""):
			return fmt.Errorf("column %d has no name, or one with an empty part: %q", i+1, path)
		case strings.ContainsRune(path, 0):
			return fmt.Errorf("column %d: %q has a NUL", i+1, path)
		}
		for _, other := range paths[:i] {
			if path == other || strings.HasPrefix(path, other+".") || strings.HasPrefix(other, path+".") {
				return fmt.Errorf("the columns %q and %q cannot both be in a record", other, path)
			}
		}
	}
	return nil
}
