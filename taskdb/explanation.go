package taskdb

import "go.mongodb.org/mongo-driver/v2/bson"

// Explanation tells how a query was carried out.
type Explanation struct {
	// Scans are the walks over indexes that found the documents. There are none
	// for a filter that contradicts itself.
	Scans []ScanExplanation
	// Exact tells that the indexes alone decided; otherwise the filter was asked
	// about each document.
	Exact bool
	// SortedInMemory tells that no index gave the order asked for.
	SortedInMemory bool
	// KeysExamined counts the entries of indexes that were read.
	KeysExamined int64
	// RecordsExamined counts the documents that were read.
	RecordsExamined int64
	// Returned counts the documents of the answer.
	Returned int64
}

// ScanExplanation is one walk over an index.
type ScanExplanation struct {
	Index      string   // the index's name; empty for a walk over all documents
	KeyPattern bson.Raw // the index's paths and directions
	Ranges     int      // how many ranges of its keys were walked
	Reverse    bool     // from the last to the first
}
