package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// jsonOf prints a document as canonical extended JSON.
func jsonOf(doc bson.Raw) string {
	text, err := bson.MarshalExtJSON(doc, true, false)
	if err != nil {
		return doc.String()
	}
	return string(text)
}

// String prints the value as relaxed extended JSON, for messages.
func (v value) String() string {
	if v.missing() {
		return "missing"
	}
	const wrapper = len(`{"":`)
	text, err := bson.MarshalExtJSON(bson.D{{Key: "", Value: v.raw()}}, false, false)
	if err != nil {
		return v.raw().String()
	}
	return string(text[wrapper : len(text)-1])
}
