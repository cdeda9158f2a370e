package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Document is a BSON document, which JSON has as relaxed extended JSON. Null is
// none.
type Document bson.Raw

// MarshalJSON writes the document as relaxed extended JSON.
func (d Document) MarshalJSON() ([]byte, error) {
	if len(d) == 0 {
		return []byte("null"), nil
	}
	return bson.MarshalExtJSON(bson.Raw(d), false, false)
}

// Exact is a Document that JSON has as canonical extended JSON, which keeps the types
// of numbers. It is read in either form.
type Exact bson.Raw

// MarshalJSON writes the document as canonical extended JSON.
func (e Exact) MarshalJSON() ([]byte, error) {
	if len(e) == 0 {
		return []byte("null"), nil
	}
	return bson.MarshalExtJSON(bson.Raw(e), true, false)
}

// UnmarshalJSON reads extended JSON of either form.
func (e *Exact) UnmarshalJSON(text []byte) error { return (*Document)(e).UnmarshalJSON(text) }

// UnmarshalJSON reads extended JSON of either form.
func (d *Document) UnmarshalJSON(text []byte) error {
	if bytes.Equal(bytes.TrimSpace(text), []byte("null")) {
		*d = nil
		return nil
	}
	var raw bson.Raw
	if err := bson.UnmarshalExtJSON(text, false, &raw); err != nil {
		return fmt.Errorf("read a document in extended JSON: %w", err)
	}
	*d = Document(raw)
	return nil
}

// Expression is a filter, a sort or a projection: a document in extended JSON, or a
// string that has it as MongoDB's shell writes it. Null is none.
type Expression struct {
	// Text is the document as it was written.
	Text string
}

// MarshalJSON writes the text as a string.
func (e Expression) MarshalJSON() ([]byte, error) {
	if e.Text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(e.Text)
}

// UnmarshalJSON reads a document or a string.
func (e *Expression) UnmarshalJSON(text []byte) error {
	text = bytes.TrimSpace(text)
	switch {
	case bytes.Equal(text, []byte("null")):
		*e = Expression{}
		return nil
	case len(text) > 0 && text[0] == '"':
		return json.Unmarshal(text, &e.Text)
	}
	e.Text = string(text)
	return nil
}

// Value returns the expression as a taskdb.Query takes it: nil for none.
func (e Expression) Value() any {
	if e.Text == "" {
		return nil
	}
	return e.Text
}

// Duration is a length of time, which JSON has as Go writes it: "1m30s".
type Duration string
