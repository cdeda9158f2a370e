package api

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// Frame is a piece of a long answer: a document, a value or ids, or its end.
type Frame struct {
	Doc    bson.Raw
	Place  []byte        // that of Doc
	Value  bson.RawValue // of distinct values
	MsgIDs []string
	// End says that this is all; a Problem, as JSON, why there is no more.
	End     bool
	Problem string
}

// MarshalBSON writes the frame with the bytes of its document as they are.
func (f Frame) MarshalBSON() ([]byte, error) {
	b := bsoncore.NewDocumentBuilder()
	switch {
	case f.Problem != "":
		b.AppendString("problem", f.Problem)
	case f.End:
		b.AppendBoolean("end", true)
	case f.MsgIDs != nil:
		ids := bsoncore.NewArrayBuilder()
		for _, id := range f.MsgIDs {
			ids.AppendString(id)
		}
		b.AppendArray("msg_ids", ids.Build())
	case f.Doc != nil:
		if f.Place != nil {
			b.AppendBinary("place", 0, f.Place)
		}
		b.AppendDocument("doc", bsoncore.Document(f.Doc))
	default:
		b.AppendValue("value", bsoncore.Value{Type: bsoncore.Type(f.Value.Type), Data: f.Value.Value})
	}
	return b.Build(), nil
}

// UnmarshalBSON reads a frame, which shares the bytes.
func (f *Frame) UnmarshalBSON(data []byte) error {
	elements, err := bson.Raw(data).Elements()
	if err != nil {
		return fmt.Errorf("read a frame: %w", err)
	}
	*f = Frame{}
	for _, element := range elements {
		value := element.Value()
		switch element.Key() {
		case "problem":
			f.Problem, _ = value.StringValueOK()
		case "end":
			f.End, _ = value.BooleanOK()
		case "place":
			_, f.Place, _ = value.BinaryOK()
		case "doc":
			f.Doc, _ = value.DocumentOK()
		case "value":
			f.Value = value
		case "msg_ids":
			err = value.Unmarshal(&f.MsgIDs)
		}
	}
	return err
}
