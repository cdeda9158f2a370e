package query

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/internal/glob"
)

// translateSeed writes a filter's $ge, $le and $glob, which are IPython
// parallel's, as MongoDB's $gt, $lt and $regex. A filter without them is returned
// as it is. What is no operator document is left for the parser to refuse.
func translateSeed(filter bson.Raw) (bson.Raw, error) {
	if !bytes.Contains(filter, []byte("$ge\x00")) && !bytes.Contains(filter, []byte("$le\x00")) &&
		!bytes.Contains(filter, []byte("$glob\x00")) {
		return filter, nil
	}
	translated, err := seedFilter(filter, nil)
	if err != nil {
		return nil, err
	}
	return translated, nil
}

// seedFilter translates a document of paths and of operators that take filters.
func seedFilter(doc []byte, at trail) ([]byte, *Error) {
	return rewrite(doc, at, func(dst []byte, e element, at trail) ([]byte, *Error) {
		key := string(e.key)
		switch {
		case e.kind == bson.TypeArray && (key == "$and" || key == "$or" || key == "$nor"):
			return rewriteInto(dst, e, at, seedBranch)
		case isOperators(e.value):
			return rewriteInto(dst, e, at, seedOperator)
		}
		return appendElement(dst, key, e.value), nil
	})
}

func seedBranch(dst []byte, e element, at trail) ([]byte, *Error) {
	if e.kind != bson.TypeEmbeddedDocument {
		return appendElement(dst, string(e.key), e.value), nil
	}
	doc, err := seedFilter(e.data, at)
	return appendElement(dst, string(e.key), value{e.kind, doc}), err
}

// seedOperator translates one operator under a path.
func seedOperator(dst []byte, e element, at trail) ([]byte, *Error) {
	switch key := string(e.key); key {
	case "$ge":
		return appendElement(dst, "$gt", e.value), nil
	case "$le":
		return appendElement(dst, "$lt", e.value), nil
	case "$glob":
		return seedGlob(dst, e.value, at)
	case "$not":
		if isOperators(e.value) {
			return rewriteInto(dst, e, at, seedOperator)
		}
	case "$elemMatch":
		return seedElemMatch(dst, e, at)
	case "$all":
		if e.kind == bson.TypeArray {
			return rewriteInto(dst, e, at, seedAllMember)
		}
	}
	return appendElement(dst, string(e.key), e.value), nil
}

func seedGlob(dst []byte, pattern value, at trail) ([]byte, *Error) {
	if pattern.kind != bson.TypeString {
		return nil, at.fail(CodeBadValue, "$glob has to be a string")
	}
	regex := glob.Compile(string(pattern.text())).Regex()
	return bsoncore.AppendStringElement(dst, "$regex", regex), nil
}

func seedElemMatch(dst []byte, e element, at trail) ([]byte, *Error) {
	it := elementsOf(e.data)
	switch {
	case e.kind != bson.TypeEmbeddedDocument:
		return appendElement(dst, string(e.key), e.value), nil
	case isOperators(e.value) && it.next() && !standsAlone(string(it.key)):
		return rewriteInto(dst, e, at, seedOperator)
	}
	return seedBranch(dst, e, at)
}

func seedAllMember(dst []byte, e element, at trail) ([]byte, *Error) {
	if elemMatchArgument(e.value).missing() {
		return appendElement(dst, string(e.key), e.value), nil
	}
	return rewriteInto(dst, e, at, seedOperator)
}

// rewriter appends what is to stand in place of one element.
type rewriter func(dst []byte, e element, at trail) ([]byte, *Error)

// rewrite returns doc with each of its elements rewritten.
func rewrite(doc []byte, at trail, each rewriter) ([]byte, *Error) {
	start, dst := bsoncore.ReserveLength(nil)
	var err *Error
	for it := elementsOf(doc); it.next(); {
		if dst, err = each(dst, it.element, at.down(string(it.key))); err != nil {
			return nil, err
		}
	}
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))), nil
}

// rewriteInto appends e, a document or an array, with its elements rewritten.
func rewriteInto(dst []byte, e element, at trail, each rewriter) ([]byte, *Error) {
	doc, err := rewrite(e.data, at, each)
	return appendElement(dst, string(e.key), value{e.kind, doc}), err
}

// appendElement appends a key and its value to a document under construction.
func appendElement(dst []byte, key string, v value) []byte {
	dst = bsoncore.AppendHeader(dst, bsoncore.Type(v.kind), key)
	return append(dst, v.data...)
}
