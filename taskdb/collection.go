package taskdb

import (
	"fmt"
	"strings"

	"github.com/taskdb/taskdb/query"
)

// The lengths that MongoDB allows, in bytes.
const (
	maxDatabaseName   = 63
	maxCollectionName = 255 // with the database
)

// IsTasks tells whether a collection, by its full name, is one of tasks: one
// whose name after the database is task_records, as with IPython. There a
// msg_id that is a string is unique.
func IsTasks(collection string) bool { return strings.HasSuffix(collection, ".task_records") }

// CheckCollection refuses what MongoDB does not take for a collection's full
// name, "database.collection", with a *query.Error, its InvalidNamespace. The first
// dot parts them. See DB.In.
func CheckCollection(name string) error {
	database, rest, dotted := strings.Cut(name, ".")
	switch {
	case !dotted:
		return invalidName(name, `it has no dot: want "database.collection"`)
	case database == "":
		return invalidName(name, "the database is empty")
	case len(database) > maxDatabaseName:
		return invalidName(name, fmt.Sprintf("the database has %d bytes, of %d", len(database), maxDatabaseName))
	case strings.ContainsAny(database, "/\\\" $\x00"):
		return invalidName(name, `the database has one of the characters / \ " $, a space or a NUL`)
	case rest == "":
		return invalidName(name, "the name after the database is empty")
	case rest[0] == '.':
		return invalidName(name, "the name after the database begins with a dot")
	case strings.ContainsAny(rest, "$\x00"):
		return invalidName(name, "it has a $ or a NUL")
	case len(name) > maxCollectionName:
		return invalidName(name, fmt.Sprintf("it has %d bytes, of %d", len(name), maxCollectionName))
	}
	return nil
}

func invalidName(name, reason string) error {
	return &query.Error{
		Code:    query.CodeInvalidNamespace,
		Message: fmt.Sprintf("Invalid namespace specified '%s': %s", name, reason),
	}
}
