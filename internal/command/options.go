package command

import (
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// The codes of errors about a command's options.
const (
	CodeInvalidOptions   = 72
	CodeNotAReplicaSet   = 123
	CodeIllegalOperation = 20
	CodeAPIVersion       = 322
)

// MaxTime returns how long the command may take, or 0 if it does not say.
func (f *Fields) MaxTime() time.Duration { return f.milliseconds("maxTimeMS") }

func (f *Fields) milliseconds(key string) time.Duration {
	v := f.get(key, numbers...)
	if v.Type == 0 {
		return 0
	}
	n, isWhole := Truncated(v)
	switch {
	case !isWhole:
		f.Refuse(query.CodeFailedToParse, key, key+" has a non-integral value")
	case n < 0 || n > math.MaxInt32:
		f.Refuse(query.CodeBadValue, key, v.String()+" value for "+key+" is out of range [0, 2147483647]")
	}
	return time.Duration(n) * time.Millisecond
}

// CheckReadConcern refuses a read concern that asks for what one server alone does
// not have. Whatever is read is what was acknowledged.
func (f *Fields) CheckReadConcern() {
	concern := ReadStatement("readConcern", f.Document("readConcern"), "level", "provenance", "afterClusterTime", "atClusterTime", "afterOpTime")
	switch level := concern.Text("level"); {
	case concern.err != nil:
	case !concern.Has("level") || slices.Contains([]string{"local", "majority", "available"}, level):
	case level == "linearizable" || level == "snapshot":
		concern.Refuse(CodeNotAReplicaSet, "level", "node needs to be a replica set member to use read concern "+level)
	default:
		concern.Refuse(query.CodeBadValue, "level", "Enumeration value '"+level+"' for field 'readConcern.level' is not a valid value.")
	}
	for _, key := range []string{"afterClusterTime", "atClusterTime"} {
		if concern.get(key, bson.TypeTimestamp).Type != 0 {
			concern.Refuse(CodeNotAReplicaSet, key, "Cannot specify a cluster time in readConcern without a replica set")
		}
	}
	concern.Text("provenance")
	f.Inherit(concern)
}

// CheckWriteConcern refuses a write concern that asks for more servers than one; of a
// command that does not write it refuses any.
func (f *Fields) CheckWriteConcern(writes bool) {
	concern := ReadStatement("writeConcern", f.Document("writeConcern"), "w", "j", "fsync", "wtimeout", "wtimeoutMS", "provenance", "getLastError")
	w := f.values["writeConcern"]
	switch {
	case f.err != nil || isNull(w):
		return
	case !writes:
		f.Refuse(CodeInvalidOptions, "writeConcern", f.of+" does not support writeConcern")
		return
	}
	w = concern.values["w"]
	servers, _ := Truncated(w)
	switch text, isText := w.StringValueOK(); {
	case isNull(w) || text == "majority":
	case isText:
		concern.Refuse(query.CodeBadValue, "w", "cannot use non-majority 'w' mode "+text+" when a host is not a member of a replica set")
	case !slices.Contains(numbers, w.Type):
		concern.Refuse(query.CodeFailedToParse, "w", "w has to be a number or a string")
	case servers < 0 || servers > maxServers:
		concern.Refuse(query.CodeFailedToParse, "w", "w has to be a non-negative number and not greater than 50; found: "+w.String())
	case servers > 1:
		concern.Refuse(query.CodeBadValue, "w", "cannot use 'w' > 1 when a host is not replicated")
	}
	f.Inherit(concern)
}

// maxServers is how many a replica set of MongoDB has at the most.
const maxServers = 50

// Inherit takes over the error of fields within a field.
func (f *Fields) Inherit(within *Fields) {
	if f.err == nil {
		f.err = within.err
	}
}

// CheckCollation refuses a collation that is not simple: strings compare by their
// bytes.
func (f *Fields) CheckCollation() {
	collation := f.get("collation", bson.TypeEmbeddedDocument)
	if collation.Type == 0 || len(collation.Value) == len(emptyDocument) {
		return
	}
	locale, ok := collation.Document().Lookup("locale").StringValueOK()
	switch {
	case !ok:
		f.Refuse(query.CodeMissingField, "collation", "BSON field 'collation.locale' is missing but a required field")
	case locale != "simple":
		f.Refuse(query.CodeNotImplemented, "collation", "a collation other than simple is not implemented")
	}
}

// Hint returns the name or the keys of the index that is to be used, or zero.
func (f *Fields) Hint() bson.RawValue {
	hint := f.values["hint"]
	switch hint.Type {
	case 0, bson.TypeString:
	case bson.TypeEmbeddedDocument:
		if len(hint.Value) == len(emptyDocument) {
			return bson.RawValue{}
		}
	default:
		f.Refuse(query.CodeFailedToParse, "hint", "Hint must be a string or an object")
	}
	return hint
}

// Let returns the variables that the command defines for its expressions, or nil.
func (f *Fields) Let() *query.Let {
	doc := f.Document("let")
	if len(doc) == len(emptyDocument) {
		return nil
	}
	let, err := query.ParseLet(doc, time.Now())
	if err != nil && f.err == nil {
		f.err = err
	}
	return let
}

// CheckSession refuses a transaction, which takes a replica set, and a version of the
// API that is not known.
func (f *Fields) CheckSession() {
	f.get("lsid", bson.TypeEmbeddedDocument)
	if f.Has("txnNumber") || f.Has("startTransaction") || f.Has("autocommit") {
		f.Refuse(CodeIllegalOperation, "txnNumber", "Transaction numbers are only allowed on a replica set member or mongos")
	}
	if version := f.Text("apiVersion"); f.Has("apiVersion") && version != "1" {
		f.Refuse(CodeAPIVersion, "apiVersion", "API version must be \"1\"")
	}
}
