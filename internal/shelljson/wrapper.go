package shelljson

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// isWrapper tells the keys that make an object a value of another type, after the specification of
// MongoDB Extended JSON v2. $type and $scope do so only beside $binary and $code.
func isWrapper(key string) bool {
	switch key {
	case "$binary", "$code", "$date", "$dbPointer", "$maxKey", "$minKey", "$numberDecimal", "$numberDouble", "$numberInt",
		"$numberLong", "$oid", "$regularExpression", "$symbol", "$timestamp", "$undefined", "$uuid":
		return true
	}
	return false
}

// unwrap returns what a document with a wrapper key stands for.
func unwrap(wrapper string, doc bson.Raw) (bson.RawValue, *problem) {
	content := doc.Lookup(wrapper)
	switch size := fieldCount(doc); {
	case size == 2 && wrapper == "$code":
		return codeWithScope(content, doc.Lookup("$scope"))
	case size == 2 && wrapper == "$binary":
		return binaryContent(content, doc.Lookup("$type"))
	case size > 1:
		return bson.RawValue{}, problemf("", "beside %s the object has keys that do not belong there", wrapper)
	}
	switch wrapper {
	case "$oid":
		return textContent(wrapper, content, objectIDFromText)
	case "$uuid":
		return textContent(wrapper, content, uuidFromText)
	case "$numberInt":
		return textContent(wrapper, content, int32FromText)
	case "$numberLong":
		return textContent(wrapper, content, int64FromText)
	case "$numberDouble":
		return textContent(wrapper, content, doubleFromText)
	case "$numberDecimal":
		return textContent(wrapper, content, decimalFromText)
	case "$symbol":
		return retyped(wrapper, content, bson.TypeString, bson.TypeSymbol)
	case "$code":
		return retyped(wrapper, content, bson.TypeString, bson.TypeJavaScript)
	case "$date":
		return dateContent(content)
	case "$binary":
		return binaryDocument(content)
	case "$timestamp":
		return timestampContent(content)
	case "$regularExpression":
		return regexDocument(content)
	case "$dbPointer":
		return pointerDocument(content)
	}
	return markerContent(wrapper, content)
}

func fieldCount(doc bson.Raw) int {
	count := 0
	for rest := doc[4:]; rest[0] != 0; count++ {
		_, rest, _ = bsoncore.ReadElement(rest)
	}
	return count
}

func badContent(wrapper, want string) *problem {
	return problemf("write {"+strconv.Quote(wrapper)+": "+want+"}", "%s has the wrong content", wrapper)
}

func textContent(wrapper string, content bson.RawValue, convert func(string) (bson.RawValue, *problem)) (bson.RawValue, *problem) {
	text, ok := content.StringValueOK()
	if !ok {
		return bson.RawValue{}, badContent(wrapper, `"…"`)
	}
	value, problem := convert(text)
	if problem != nil {
		problem.message = wrapper + ": " + problem.message
	}
	return value, problem
}

// retyped makes a value of the same bytes another type.
func retyped(wrapper string, content bson.RawValue, from, to bson.Type) (bson.RawValue, *problem) {
	if content.Type != from {
		return bson.RawValue{}, badContent(wrapper, `"…"`)
	}
	return bson.RawValue{Type: to, Value: append([]byte(nil), content.Value...)}, nil
}

// dateContent takes, beside v2's two forms, v1's plain number.
func dateContent(content bson.RawValue) (bson.RawValue, *problem) {
	if milliseconds, ok := asInteger(content); ok {
		return dateValue(milliseconds), nil
	}
	if content.Type != bson.TypeString {
		return bson.RawValue{}, badContent("$date", exampleTime)
	}
	return textContent("$date", content, timeFromText)
}

func binaryDocument(content bson.RawValue) (bson.RawValue, *problem) {
	fields, ok := content.DocumentOK()
	if !ok || fieldCount(fields) != 2 {
		return bson.RawValue{}, badContent("$binary", `{"base64": "…", "subType": "00"}`)
	}
	return binaryContent(fields.Lookup("base64"), fields.Lookup("subType"))
}

func binaryContent(data, subtype bson.RawValue) (bson.RawValue, *problem) {
	base64, dataOK := data.StringValueOK()
	hex, subtypeOK := subtype.StringValueOK()
	if !dataOK || !subtypeOK {
		return bson.RawValue{}, badContent("$binary", `{"base64": "…", "subType": "00"}`)
	}
	code, err := strconv.ParseUint(hex, 16, 8)
	if err != nil || len(hex) > 2 {
		return bson.RawValue{}, problemf("", "$binary: the subtype %q is not one or two hexadecimal digits", abbreviate(hex))
	}
	return binaryFromText(byte(code), base64)
}

func codeWithScope(code, scope bson.RawValue) (bson.RawValue, *problem) {
	text, codeOK := code.StringValueOK()
	variables, scopeOK := scope.DocumentOK()
	if !codeOK || !scopeOK {
		return bson.RawValue{}, badContent("$code", `"…", "$scope": {…}`)
	}
	return bson.RawValue{Type: bson.TypeCodeWithScope, Value: bsoncore.AppendCodeWithScope(nil, text, variables)}, nil
}

func timestampContent(content bson.RawValue) (bson.RawValue, *problem) {
	value, ok := timestampFromDocument(content)
	if !ok {
		return bson.RawValue{}, badContent("$timestamp", `{"t": 1, "i": 2}`)
	}
	return value, nil
}

func regexDocument(content bson.RawValue) (bson.RawValue, *problem) {
	fields, ok := content.DocumentOK()
	if !ok || fieldCount(fields) != 2 {
		return bson.RawValue{}, badContent("$regularExpression", `{"pattern": "…", "options": "…"}`)
	}
	pattern, patternOK := fields.Lookup("pattern").StringValueOK()
	options, optionsOK := fields.Lookup("options").StringValueOK()
	if !patternOK || !optionsOK {
		return bson.RawValue{}, badContent("$regularExpression", `{"pattern": "…", "options": "…"}`)
	}
	return regexValue(pattern, options)
}

func pointerDocument(content bson.RawValue) (bson.RawValue, *problem) {
	fields, ok := content.DocumentOK()
	if !ok || fieldCount(fields) != 2 {
		return bson.RawValue{}, badContent("$dbPointer", `{"$ref": "…", "$id": {"$oid": "…"}}`)
	}
	namespace, namespaceOK := fields.Lookup("$ref").StringValueOK()
	id, idOK := fields.Lookup("$id").ObjectIDOK()
	if !namespaceOK || !idOK {
		return bson.RawValue{}, badContent("$dbPointer", `{"$ref": "…", "$id": {"$oid": "…"}}`)
	}
	return bson.RawValue{Type: bson.TypeDBPointer, Value: bsoncore.AppendDBPointer(nil, namespace, id)}, nil
}

// markerContent reads the wrappers of the types that have but one value.
func markerContent(wrapper string, content bson.RawValue) (bson.RawValue, *problem) {
	if wrapper == "$undefined" {
		if yes, ok := content.BooleanOK(); !ok || !yes {
			return bson.RawValue{}, badContent(wrapper, "true")
		}
		return bson.RawValue{Type: bson.TypeUndefined}, nil
	}
	if one, ok := asInteger(content); !ok || one != 1 {
		return bson.RawValue{}, badContent(wrapper, "1")
	}
	if wrapper == "$minKey" {
		return bson.RawValue{Type: bson.TypeMinKey}, nil
	}
	return bson.RawValue{Type: bson.TypeMaxKey}, nil
}
