package taskdb

// Aser is a Backend that gives access to what lies below it.
type Aser interface {
	Backend

	// As sets what target points to, if that is of a type that the backend gives for
	// a collection, and tells whether it is.
	As(collection string, target any) bool
}

// As gives access to what lies below a store, for what taskdb does not do: it sets
// what target points to, and tells whether the store has such a thing. Which types
// there are a backend's package says; that of mongo gives the driver's collection:
//
//	var collection *mongo.Collection
//	if db.As(&collection) { … }
func (db *DB) As(target any) bool {
	aser, ok := db.backend.(Aser)
	return ok && db.invalid == nil && aser.As(db.collection, target)
}
