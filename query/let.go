package query

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Let are the variables that a command's let option defines, for the expressions
// of its filter, projection, update and pipeline, where they are written $$name.
// A nil Let defines none. It is immutable and safe for use by many goroutines.
type Let struct {
	variables []byte // a document of {$literal: …}
}

// ParseLet checks a let option, evaluates its expressions, which cannot name keys
// of documents, and returns the variables. now is $$NOW. An error is an *Error.
func ParseLet(let bson.Raw, now time.Time) (*Let, error) {
	panic("under construction")
}

// Filter returns a filter in which the expressions of $expr know the variables. It is to
// be parsed as any filter is.
func (l *Let) Filter(filter bson.Raw) bson.Raw { panic("under construction") }

// Projection returns a projection whose expressions know the variables.
func (l *Let) Projection(projection bson.Raw) bson.Raw { panic("under construction") }

// Update returns a pipeline that is an update whose expressions know the variables.
func (l *Let) Update(stages []bson.Raw) []bson.Raw { panic("under construction") }
