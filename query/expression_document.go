package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// fields builds a document whose keys may be set more than once: the last value
// counts, in the place of the first.
type fields struct {
	keys   []string
	values map[string]value
}

func (f *fields) set(key string, v value) {
	if f.values == nil {
		f.values = map[string]value{}
	}
	if _, known := f.values[key]; !known {
		f.keys = append(f.keys, key)
	}
	f.values[key] = v
}

func (f *fields) setAll(doc []byte) {
	for it := elementsOf(doc); it.next(); {
		f.set(string(it.key), it.value)
	}
}

// value is the document. Keys whose values are missing are left out.
func (f *fields) value() value {
	start, dst := reserve(0)
	for _, key := range f.keys {
		if v := f.values[key]; !v.missing() {
			dst = appendElement(dst, key, v)
		}
	}
	return documentValue(closeDocument(dst, start))
}

func mergeObjects(_ string, arguments []value) (value, error) {
	if len(arguments) == 1 && isArray(arguments[0]) {
		arguments = elementValues(arguments[0])
	}
	var merged fields
	for _, v := range arguments {
		switch {
		case v.nullish():
			continue
		case v.kind != bson.TypeEmbeddedDocument:
			return value{}, failure(40400, "$mergeObjects requires object inputs, but input %s is of type %s", brief(v), TypeName(v.kind))
		}
		merged.setAll(v.data)
	}
	return merged.value(), nil
}

func objectToArray(_ string, arguments []value) (value, error) {
	v := arguments[0]
	switch {
	case v.nullish():
		return null, nil
	case v.kind != bson.TypeEmbeddedDocument:
		return value{}, failure(40390, "$objectToArray requires a document input, found: %s", TypeName(v.kind))
	}
	pairs := []value{}
	for it := elementsOf(v.data); it.next(); {
		start, pair := reserve(len(it.key) + len(it.data))
		pair = appendElement(pair, "k", stringValue(string(it.key)))
		pair = appendElement(pair, "v", it.value)
		pairs = append(pairs, documentValue(closeDocument(pair, start)))
	}
	return arrayOf(pairs), nil
}

// arrayToObject makes a document of pairs, which all are arrays of two, or all
// documents of k and v.
func arrayToObject(_ string, arguments []value) (value, error) {
	array := arguments[0]
	switch {
	case array.nullish():
		return null, nil
	case !isArray(array):
		return value{}, failure(40386, "$arrayToObject requires an array input, found: %s", TypeName(array.kind))
	}
	var made fields
	for i, pair := range elementValues(array) {
		key, v, err := pairOf(pair, elementAt(array, 0).kind, i == 0)
		if err != nil {
			return value{}, err
		}
		made.set(key, v)
	}
	return made.value(), nil
}

func pairOf(pair value, kind bson.Type, first bool) (key string, v value, err error) {
	var k value
	switch {
	case first && kind != bson.TypeArray && kind != bson.TypeEmbeddedDocument:
		return "", v, failure(40398, "Unrecognised input type format for $arrayToObject: %s", TypeName(kind))
	case pair.kind != kind && kind == bson.TypeArray:
		return "", v, failure(40396, "$arrayToObject requires a consistent input format. Elements must all be arrays or all be "+
			"objects. Array was detected, now found: %s", TypeName(pair.kind))
	case pair.kind != kind:
		return "", v, failure(40391, "$arrayToObject requires a consistent input format. Elements must all be arrays or all be "+
			"objects. Object was detected, now found: %s", TypeName(pair.kind))
	}
	members := elementValues(pair)
	switch {
	case len(members) != 2 && kind == bson.TypeArray:
		return "", v, failure(40397, "$arrayToObject requires an array of size 2 arrays, found array of size: %d", len(members))
	case len(members) != 2:
		return "", v, failure(40392, "$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:%d", len(members))
	case kind == bson.TypeArray:
		k, v = members[0], members[1]
	default:
		k, v = lookup(pair.data, "k"), lookup(pair.data, "v")
	}
	switch {
	case k.missing() || v.missing():
		return "", v, failure(40393, "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: %s", brief(pair))
	case !k.isString() && kind == bson.TypeArray:
		return "", v, failure(40395, "$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: %s", TypeName(k.kind))
	case !k.isString():
		return "", v, failure(40394, "$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type "+
			"string. Found type: %s", TypeName(k.kind))
	}
	key, err = keyOf(k, 4940400)
	return key, v, err
}

// keyOf is a string as the key of a document, in which no NUL can be.
func keyOf(v value, code int) (string, error) {
	for _, c := range v.text() {
		if c == 0 {
			return "", failure(code, "Key field cannot contain an embedded null byte")
		}
	}
	return string(v.text()), nil
}

// getField is $getField: its arguments are the key and the document.
func getField(_ string, arguments []value) (value, error) {
	key, input := arguments[0], arguments[1]
	switch {
	case !key.isString():
		return value{}, failure(3041704, "$getField requires 'field' to evaluate to type String, but got %s", TypeName(key.kind))
	case input.nullish():
		return null.unlessMissing(input), nil
	case input.kind != bson.TypeEmbeddedDocument:
		return value{}, nil
	}
	return lookup(input.data, string(key.text())), nil
}

var getFieldParameters = []parameter{{name: "field", required: 3041702}, {name: "input", required: 3041703}}

// getField parses $getField: a document of key and input, or the key of the
// document at hand.
func (p expressionParser) getField(v value, at trail) (expression, *Error) {
	n := named{getFieldParameters, 0, 3041701, getField}
	if v.kind == bson.TypeEmbeddedDocument {
		if it := elementsOf(v.data); it.next() && !strings.HasPrefix(string(it.key), "$") {
			return p.named("$getField", n, v, at)
		}
	}
	key, err := p.parse(v, at)
	if err != nil {
		return nil, err
	}
	return &call{"$getField", getField, []expression{key, p.follow(p.current, nil)}}, nil
}

// unlessMissing is v, or missing, if the other value is.
func (v value) unlessMissing(other value) value {
	if other.missing() {
		return value{}
	}
	return v
}

// fieldSetting is $setField, or $unsetField, whose value is missing.
type fieldSetting struct {
	name, key    string
	input, value expression
}

func (f *fieldSetting) evaluate(s *scope) (value, error) {
	input, err := f.input.evaluate(s)
	switch {
	case err != nil || input.nullish():
		return null, err
	case input.kind != bson.TypeEmbeddedDocument:
		return value{}, failure(4161105, "%s requires 'input' to evaluate to type Object, but got %s", f.name, TypeName(input.kind))
	}
	held := s.held
	if err := s.hold(sizeHeld(f.input, input)); err != nil {
		return value{}, err
	}
	v, err := f.value.evaluate(s)
	if err != nil {
		return value{}, err
	}
	s.held = held
	var changed fields
	changed.setAll(input.data)
	changed.set(f.key, v)
	return changed.value(), s.spend(len(input.data) + len(v.data))
}

// $unsetField has no value.
var setFieldParameters = []parameter{{name: "field", required: 4161102}, {name: "value", required: 4161103}, {name: "input", required: 4161109}}

func (p expressionParser) setField(name string, v value, at trail) (expression, *Error) {
	parameters := setFieldParameters
	if name == "$unsetField" {
		parameters = []parameter{setFieldParameters[0], setFieldParameters[2]}
	}
	given, err := namedArguments(name, parameters, 4161100, 4161101, v, at)
	if err != nil {
		return nil, err
	}
	f := &fieldSetting{name: name, value: constant{}}
	if f.key, err = p.fieldToSet(name, given[0], at.down("field")); err != nil {
		return nil, err
	}
	if f.input, err = p.parse(given[len(given)-1], at.down("input")); err != nil {
		return nil, err
	}
	if name == "$setField" {
		if f.value, err = p.parse(given[1], at.down("value")); err != nil {
			return nil, err
		}
	}
	return p.folded(f, at, f.input, f.value)
}

// fieldToSet is the key, which must be written as a constant: what is computed is
// none, even of constants.
func (p expressionParser) fieldToSet(name string, v value, at trail) (string, *Error) {
	it := elementsOf(v.data)
	switch {
	case v.isString() && strings.HasPrefix(string(v.text()), "$"):
		return "", at.fail(4161108, "'%s' is a field path reference which is not allowed in this context. Did you mean {$literal: '%s'}?", v.text(), v.text())
	case v.kind == bson.TypeEmbeddedDocument && it.next():
		if key := string(it.key); len(it.rest) > 1 || key != "$literal" && key != "$const" {
			return "", at.fail(4161106, "%s requires 'field' to evaluate to a constant, but got a non-constant argument", name)
		}
		v = it.value
	case isArray(v):
		return "", at.fail(4161106, "%s requires 'field' to evaluate to a constant, but got a non-constant argument", name)
	}
	if !v.isString() {
		return "", at.fail(4161107, "%s requires 'field' to evaluate to type String, but got %s", name, TypeName(v.kind))
	}
	key, err := keyOf(v, 9423101)
	if err != nil {
		return "", at.wrap(err)
	}
	return key, nil
}

func bsonSize(_ string, arguments []value) (value, error) {
	v := arguments[0]
	switch {
	case v.nullish():
		return null, nil
	case v.kind != bson.TypeEmbeddedDocument:
		return value{}, failure(31393, "$bsonSize requires a document input, found: %s", TypeName(v.kind))
	}
	return intValue(int64(len(v.data))), nil
}

// binarySize is $binarySize, of strings as well.
func binarySize(_ string, arguments []value) (value, error) {
	v := arguments[0]
	switch {
	case v.nullish():
		return null, nil
	case v.isString():
		return intValue(int64(len(v.text()))), nil
	case v.kind == bson.TypeBinary:
		_, data := v.raw().Binary()
		return intValue(int64(len(data))), nil
	}
	return value{}, failure(51276, "$binarySize requires a string or BinData argument, found: %s", TypeName(v.kind))
}
