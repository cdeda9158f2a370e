package api

import "go.mongodb.org/mongo-driver/v2/bson"

// The routes of a store's collections, below /v1/collections/{collection}, whose
// name is escaped as one part of the path:
//
//	GET    /v1/collections                  Collections
//	DELETE /v1/collections/{collection}     204
//	POST   …/add                            documents → 204
//	POST   …/write?ordered=                 Changes → Outcomes
//	GET    …/record?msg_id=                 the document, whole
//	POST   …/find                           Request → documents or, if places are asked for, Placed
//	POST   …/count                          Request → Count
//	POST   …/distinct                       Request → Values, one after another
//	POST   …/explain                        Request → Explanation
//	GET    …/history                        {"msg_id": …}, one after another
//	GET    …/buffer?msg_id=&key=&n=         the bytes; ranges
//	POST   …/buffer?msg_id=&key=            the bytes → 204
//	POST   …/append?msg_id=&key=            Tail → 204
//	GET    …/stats                          CollectionStats
//	GET    …/indexes                        IndexInfos, one after another
//	POST   …/indexes                        IndexInfo → 204
//	DELETE …/indexes?name=                  204
//	POST   /v1/compact                      Compaction
//
// Bodies are BSON, application/bson: one document, or one after another. A client
// that does not accept that gets JSON lines, in relaxed extended JSON; and one that
// sends application/json is understood. What find, distinct and history answer ends
// with a LastLine.

// Collections are the full names of a store's collections, in order, and which of
// them has the hub's tasks.
type Collections struct {
	Collections []string `json:"collections" bson:"collections"`
	Tasks       string   `json:"tasks" bson:"tasks"`
}

// Request is a query about a collection, as a store's backend is asked. Without a
// projection documents come whole.
type Request struct {
	Filter     bson.Raw `bson:"filter,omitempty"`
	Projection bson.Raw `bson:"projection,omitempty"`
	Sort       bson.Raw `bson:"sort,omitempty"`
	Skip       int64    `bson:"skip,omitempty"`
	Limit      int64    `bson:"limit,omitempty"`
	// After is the place of a document: only those behind it are asked for.
	After []byte `bson:"after,omitempty"`
	// Places asks for the places of documents.
	Places bool `bson:"places,omitempty"`
	// Path is that of which distinct values are asked for.
	Path string `bson:"path,omitempty"`
}

// Placed is a document, and where the sort of a request places it.
type Placed struct {
	Place []byte   `bson:"place"`
	Doc   bson.Raw `bson:"doc"`
}

// Value is one of distinct values.
type Value struct {
	Value bson.RawValue `bson:"value"`
}

// The kinds of changes, and the states of a document that one returns.
const (
	ChangeInsert = "insert"
	ChangeUpdate = "update"
	ChangeDelete = "delete"

	ReturnBefore = "before"
	ReturnAfter  = "after"
)

// Change is one thing to do to a collection.
type Change struct {
	Kind   string   `bson:"kind"`
	Doc    bson.Raw `bson:"doc,omitempty"`
	Filter bson.Raw `bson:"filter,omitempty"`
	Sort   bson.Raw `bson:"sort,omitempty"`
	Many   bool     `bson:"many,omitempty"`
	// Update is a document or, of a pipeline, the array of its stages.
	Update       bson.RawValue `bson:"update,omitempty"`
	ArrayFilters []bson.Raw    `bson:"array_filters,omitempty"`
	Upsert       bool          `bson:"upsert,omitempty"`
	// Return asks for the document as it was before or has become; Projection says
	// what to show of it.
	Return     string   `bson:"return,omitempty"`
	Projection bson.Raw `bson:"projection,omitempty"`
}

// Outcome is what became of a change.
type Outcome struct {
	Matched    int64         `bson:"matched"`
	Modified   int64         `bson:"modified"`
	UpsertedID bson.RawValue `bson:"upserted_id,omitempty"`
	Doc        bson.Raw      `bson:"doc,omitempty"`
	Problem    string        `bson:"problem,omitempty"` // as JSON
}

// Tail is what to add at the end of a string or an array.
type Tail struct {
	Tail bson.RawValue `bson:"tail"`
}

// Explanation tells how a query was carried out.
type Explanation struct {
	Scans           []Scan `bson:"scans"`
	Exact           bool   `bson:"exact"`
	SortedInMemory  bool   `bson:"sorted_in_memory"`
	KeysExamined    int64  `bson:"keys_examined"`
	RecordsExamined int64  `bson:"records_examined"`
	Returned        int64  `bson:"returned"`
}

// Scan is one walk over an index.
type Scan struct {
	Index      string   `bson:"index"`
	KeyPattern bson.Raw `bson:"key_pattern,omitempty"`
	Ranges     int      `bson:"ranges"`
	Reverse    bool     `bson:"reverse"`
}

// IndexInfo describes an index. To make one its keys are enough.
type IndexInfo struct {
	Name     string   `bson:"name,omitempty"`
	Keys     bson.Raw `bson:"keys"`
	Unique   bool     `bson:"unique,omitempty"`
	Partial  bson.Raw `bson:"partial,omitempty"`
	Multikey bool     `bson:"multikey,omitempty"`
	Standard bool     `bson:"standard,omitempty"`
}

// CollectionStats are figures about a collection and the store that it is in.
type CollectionStats struct {
	Records   int64  `bson:"records"`
	Bytes     int64  `bson:"bytes"`
	Bounds    Bounds `bson:"bounds"`
	Culled    int64  `bson:"culled"`
	Lost      int64  `bson:"lost"`
	FileBytes int64  `bson:"file_bytes"`
	FreeBytes int64  `bson:"free_bytes"`
}

// Bounds are how much a collection may hold. LostAfter is in milliseconds.
type Bounds struct {
	Records   int64   `bson:"records"`
	Bytes     int64   `bson:"bytes"`
	Cull      float64 `bson:"cull"`
	LostAfter int64   `bson:"lost_after"`
}

// Compaction tells how many bytes a store took on the disk.
type Compaction struct {
	Before int64 `bson:"before"`
	After  int64 `bson:"after"`
}
