package csvrows

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/importers/jsonlines"
)

func isTextKey(path string) bool { return slices.Contains(TextKeys, path) }

// number is a number as JSON writes it.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// valueOf returns what a value that is not empty stands for.
func valueOf(text string, isText bool) bsoncore.Value {
	if isText {
		return textValue(text)
	}
	switch {
	case text == "true" || text == "false":
		return bsoncore.Value{Type: bsoncore.TypeBoolean, Data: bsoncore.AppendBoolean(nil, text == "true")}
	case number.MatchString(text):
		return numberValue(text)
	case text[0] == '{' || text[0] == '[':
		if v, ok := jsonValue(text); ok {
			return v
		}
	}
	if date, err := time.Parse(time.RFC3339, text); err == nil {
		return bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendDateTime(nil, date.UnixMilli())}
	}
	return textValue(text)
}

func textValue(text string) bsoncore.Value {
	return bsoncore.Value{Type: bsoncore.TypeString, Data: bsoncore.AppendString(nil, text)}
}

func numberValue(text string) bsoncore.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if int64(int32(n)) == n {
			return bsoncore.Value{Type: bsoncore.TypeInt32, Data: bsoncore.AppendInt32(nil, int32(n))}
		}
		return bsoncore.Value{Type: bsoncore.TypeInt64, Data: bsoncore.AppendInt64(nil, n)}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return textValue(text) // beyond what a double holds
	}
	return bsoncore.Value{Type: bsoncore.TypeDouble, Data: bsoncore.AppendDouble(nil, f)}
}

// jsonValue reads an object or an array in Extended JSON, if it is one.
func jsonValue(text string) (v bsoncore.Value, ok bool) {
	doc, err := jsonlines.Parse([]byte(`{"":` + text + `}`))
	if err != nil {
		return v, false
	}
	values, err := doc.Values()
	if err != nil || len(values) != 1 { // it closed the object itself, and went on
		return v, false
	}
	return bsoncore.Value{Type: bsoncore.Type(values[0].Type), Data: values[0].Value}, true
}

// textOf writes a value.
func textOf(v bson.RawValue) (string, error) {
	switch v.Type {
	case 0, bson.TypeNull:
		return "", nil
	case bson.TypeString:
		return v.StringValue(), nil
	case bson.TypeDateTime:
		date := v.Time().UTC()
		if date.Year() < 0 || date.Year() > 9999 { // what ISO 8601 has no room for
			break
		}
		return date.Format("2006-01-02T15:04:05.999Z07:00"), nil
	}
	const before, after = `{"":`, `}` // the bson package writes documents only
	text, err := bson.MarshalExtJSON(bson.D{{Key: "", Value: v}}, false, false)
	if err != nil {
		return "", fmt.Errorf("write a value as JSON: %w", err)
	}
	return string(bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(before)), []byte(after))), nil
}

// lookup returns the value of a path: of a key within documents, or of an element of
// an array by its index.
func lookup(doc bson.Raw, path string) bson.RawValue { return doc.Lookup(strings.Split(path, ".")...) }
