package taskdb

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// DuplicateKeyError says which unique key a document has in common with a stored
// one. It is ErrExists, and MongoDB's error 11000.
type DuplicateKeyError struct {
	Collection string
	Index      string   // its name: "msg_id_1"; empty where a server does not tell it
	KeyPattern bson.Raw // the index: {"msg_id": 1}
	KeyValue   bson.Raw // the key in both: {"msg_id": "a1"}
}

// DuplicateKeyCode is MongoDB's code of a DuplicateKeyError.
const DuplicateKeyCode = 11000

// Error returns MongoDB's words.
func (e *DuplicateKeyError) Error() string {
	index := ""
	if e.Index != "" {
		index = " index: " + e.Index
	}
	return "E11000 duplicate key error collection: " + e.Collection + index + " dup key: " + keyText(e.KeyValue, "{", "}", true)
}

// Is tells that the error is ErrExists.
func (e *DuplicateKeyError) Is(target error) bool { return target == ErrExists }

// keyText is a document or an array as MongoDB writes it in a message.
func keyText(doc bson.Raw, left, right string, named bool) string {
	elements, _ := doc.Elements() // as far as it is BSON
	if len(elements) == 0 {
		return left + right
	}
	texts := make([]string, len(elements))
	for i, e := range elements {
		if texts[i] = valueText(e.Value()); named {
			texts[i] = e.Key() + ": " + texts[i]
		}
	}
	return left + " " + strings.Join(texts, ", ") + " " + right
}

// valueText is a value as MongoDB writes it in a message.
func valueText(v bson.RawValue) string {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return keyText(v.Document(), "{", "}", true)
	case bson.TypeArray:
		return keyText(bson.Raw(v.Array()), "[", "]", false)
	case bson.TypeString:
		return `"` + v.StringValue() + `"`
	case bson.TypeInt32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case bson.TypeInt64:
		return strconv.FormatInt(v.Int64(), 10)
	case bson.TypeDouble:
		return doubleText(v.Double())
	case bson.TypeBoolean:
		return strconv.FormatBool(v.Boolean())
	case bson.TypeNull:
		return "null"
	case bson.TypeObjectID:
		return "ObjectId('" + v.ObjectID().Hex() + "')"
	case bson.TypeDateTime:
		return "new Date(" + strconv.FormatInt(v.DateTime(), 10) + ")"
	case bson.TypeBinary:
		subtype, data := v.Binary()
		return fmt.Sprintf("BinData(%d, %s)", subtype, strings.ToUpper(hex.EncodeToString(data)))
	}
	return v.String() // in extended JSON
}

// doubleText is a double, which is told from a whole number.
func doubleText(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.Trim(text, "-0123456789") == "" {
		text += ".0"
	}
	return text
}
