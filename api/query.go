package api

// Query says which records to find and what to show of them, as a taskdb.Query.
// Without a sort records come by submitted, then msg_id.
type Query struct {
	Filter     Expression `json:"filter,omitzero" doc:"MongoDB's filter; none selects all."`
	State      string     `json:"state,omitempty" enum:"incomplete,pending,running,finished,ok,failed,aborted" doc:"A state that the records must be in as well."`
	Keys       []string   `json:"keys,omitempty" doc:"The top-level keys to show, besides msg_id; none shows all but buffers."`
	Projection Expression `json:"projection,omitzero" doc:"Says more exactly than keys what to show."`
	Sort       Expression `json:"sort,omitzero" doc:"MongoDB's sort; without one records come by submitted, then msg_id."`
	Skip       int64      `json:"skip,omitempty" minimum:"0"`
	Limit      int64      `json:"limit,omitempty" minimum:"0" doc:"The most records of a page; 0 is 100 in a page and no limit in JSON lines."`
	Page       string     `json:"page,omitempty" doc:"The token of a page: next of the page before."`
}

// Page is some of the records that a query selects.
type Page struct {
	Records []Document `json:"records"`
	Next    string     `json:"next,omitempty" doc:"The token of the next page; none if this is the last."`
}

// LastLine is what JSON lines, and documents of BSON, end with: a line of its own
// under the key "$end", which no record has. An answer without it was cut off.
type LastLine struct {
	End End `json:"$end"`
}

// End tells how a stream of records ended.
type End struct {
	Count   int64    `json:"count" doc:"How many lines came before."`
	Next    string   `json:"next,omitempty" doc:"The token with which the answer goes on; none if this was all."`
	Problem *Problem `json:"problem,omitempty" doc:"What kept the rest from coming."`
}

// Count tells how many.
type Count struct {
	Count int64 `json:"count"`
}

// Distinct asks for the values under a path.
type Distinct struct {
	Path   string     `json:"path" minLength:"1"`
	Filter Expression `json:"filter,omitzero"`
}

// Values are distinct values: a document each, {"value": …}.
type Values struct {
	Values []Document `json:"values"`
}

// History is the msg_ids of all tasks, by the time at which they were submitted. In
// a stream each is a line, {"msg_id": …}.
type History struct {
	MsgIDs []string `json:"msg_ids"`
	More   bool     `json:"more" doc:"There are more; a stream has all."`
}

// Lookup names the one task whose msg_id begins with a prefix.
type Lookup struct {
	MsgID string `json:"msg_id"`
}
