package command

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Fields are those of a command, or of a statement in it. The first error of
// reading them is kept, and what is read after it is of no use.
type Fields struct {
	of     string // "update" or "update.updates", for messages
	values map[string]bson.RawValue
	lists  map[string][]bson.Raw // those that came beside the command
	err    error
}

// readDocument reads a document whose fields must be known ones, each given once.
func readDocument(of string, doc bson.Raw, isKnown func(key string) bool) *Fields {
	f := &Fields{of: of, values: map[string]bson.RawValue{}}
	elements, _ := doc.Elements()
	for _, e := range elements {
		key := e.Key()
		_, twice := f.values[key]
		f.add(key, isKnown, twice)
		f.values[key] = e.Value()
	}
	return f
}

// add notes that there is a field.
func (f *Fields) add(key string, isKnown func(key string) bool, twice bool) {
	switch {
	case twice:
		f.fail(query.CodeDuplicateField, key, "is a duplicate field")
	case !isKnown(key):
		f.fail(query.CodeUnknownField, key, "is an unknown field.")
	}
}

// Err returns the first error of reading.
func (f *Fields) Err() error { return f.err }

// Refuse notes an error, if it is the first.
func (f *Fields) Refuse(code int, key, message string) {
	if f.err == nil {
		f.err = &query.Error{Code: code, Message: message, Path: key}
	}
}

// fail refuses a field in the words that MongoDB has for fields.
func (f *Fields) fail(code int, key, what string) {
	f.Refuse(code, key, "BSON field '"+f.of+"."+key+"' "+what)
}

// isNull tells whether a field counts as not given.
func isNull(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}

// Value returns a field as it is, or zero if it is not given.
func (f *Fields) Value(key string) bson.RawValue { return f.values[key] }

// Has tells whether a field is given, and not null.
func (f *Fields) Has(key string) bool { return !isNull(f.values[key]) || f.lists[key] != nil }

// get returns a field of one of some types. One that is not given is zero.
func (f *Fields) get(key string, types ...bson.Type) bson.RawValue {
	v := f.values[key]
	if isNull(v) {
		return bson.RawValue{}
	}
	if !slices.Contains(types, v.Type) {
		f.wrongType(key, v, types...)
		return bson.RawValue{}
	}
	return v
}

func (f *Fields) wrongType(key string, v bson.RawValue, types ...bson.Type) {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = query.TypeName(t)
	}
	want := "type '" + names[0] + "'"
	if len(names) > 1 {
		want = "types '[" + strings.Join(names, ", ") + "]'"
	}
	f.fail(query.CodeTypeMismatch, key, "is the wrong type '"+query.TypeName(v.Type)+"', expected "+want)
}

// Required tells that a field must be given.
func (f *Fields) Required(key string) {
	if !f.Has(key) {
		f.fail(query.CodeMissingField, key, "is missing but a required field")
	}
}

var emptyDocument = bson.Raw{5, 0, 0, 0, 0}

// Document returns a document, which is empty if it is not given.
func (f *Fields) Document(key string) bson.Raw {
	doc, ok := f.get(key, bson.TypeEmbeddedDocument).DocumentOK()
	if !ok {
		return emptyDocument
	}
	return doc
}

// Documents returns an array of documents.
func (f *Fields) Documents(key string) []bson.Raw {
	if list, ok := f.lists[key]; ok {
		for _, doc := range list {
			if err := query.Validate(doc); err != nil && f.err == nil {
				f.err = err
			}
		}
		return list
	}
	array, ok := f.get(key, bson.TypeArray).ArrayOK()
	if !ok {
		return nil
	}
	values, _ := array.Values()
	docs := make([]bson.Raw, len(values))
	for i, v := range values {
		if docs[i], ok = v.DocumentOK(); !ok {
			f.wrongType(key, v, bson.TypeEmbeddedDocument)
		}
	}
	return docs
}

// Array returns the values of an array.
func (f *Fields) Array(key string) []bson.RawValue {
	array, ok := f.get(key, bson.TypeArray).ArrayOK()
	if !ok {
		return nil
	}
	values, _ := array.Values()
	return values
}

// Text returns a string.
func (f *Fields) Text(key string) string {
	text, _ := f.get(key, bson.TypeString).StringValueOK()
	return text
}

// Flag returns a boolean.
func (f *Fields) Flag(key string) bool {
	set, _ := f.get(key, bson.TypeBoolean).BooleanOK()
	return set
}

var numbers = []bson.Type{bson.TypeInt64, bson.TypeInt32, bson.TypeDecimal128, bson.TypeDouble}

// LooseFlag returns a boolean that may be given as a number.
func (f *Fields) LooseFlag(key string) bool {
	v := f.get(key, append([]bson.Type{bson.TypeBoolean}, numbers...)...)
	if set, ok := v.BooleanOK(); ok || v.Type == 0 {
		return set
	}
	return !equals(v, 0)
}

// codeNegative is MongoDB's code of a number that is to be none below 0.
const codeNegative = 51024

// Count returns a number that is whole and not negative, within a limit.
func (f *Fields) Count(key string, most int64) int64 {
	n := f.Whole(key)
	switch {
	case n < 0:
		f.Refuse(codeNegative, key, "BSON field '"+key+"' value must be >= 0, actual value '"+f.values[key].String()+"'")
	case n > most:
		f.Refuse(query.CodeBadValue, key, "BSON field '"+key+"' value must be <= "+strconv.FormatInt(most, 10)+", actual value '"+f.values[key].String()+"'")
	}
	return n
}

// Whole returns a number, without its fraction.
func (f *Fields) Whole(key string) int64 {
	v := f.get(key, numbers...)
	if v.Type == 0 {
		return 0
	}
	n, _ := Truncated(v)
	return n
}

// Truncated returns a number without its fraction, and whether it had none. One that
// no int64 holds is the nearest that there is, and NaN is 0.
func Truncated(v bson.RawValue) (n int64, isWhole bool) {
	if n, ok := v.AsInt64OK(); ok && v.Type != bson.TypeDouble {
		return n, true
	}
	number, ok := v.DoubleOK()
	if d, isDecimal := v.Decimal128OK(); !ok && isDecimal {
		number, _ = strconv.ParseFloat(d.String(), 64) // out of range it is infinite
	}
	switch truncated := math.Trunc(number); {
	case math.IsNaN(number):
		return 0, false
	case truncated >= math.MaxInt64:
		return math.MaxInt64, false
	case truncated < math.MinInt64:
		return math.MinInt64, false
	default:
		return int64(truncated), truncated == number
	}
}

// equals tells whether a value is a number.
func equals(v bson.RawValue, n byte) bool {
	return query.Compare(v, bson.RawValue{Type: bson.TypeInt32, Value: []byte{n, 0, 0, 0}}) == 0
}
