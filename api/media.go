package api

// The media types of bodies that are not JSON, nor bytes.
const (
	MediaBSON      = "application/bson"         // documents, one after another
	MediaJSONLines = "application/jsonl"        // the same in relaxed extended JSON
	MediaProblem   = "application/problem+json" // a Problem
)

// HeaderOnce is the header with a key of a request, by which the server knows it when
// it comes again.
const HeaderOnce = "Idempotency-Key"
