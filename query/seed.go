package query

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/internal/glob"
)

// glob parses $glob. To MongoDB it is sent as a $regex, of which a path can have
// but one.
func (p filterParser) glob(target path, v value, siblings []byte, at trail) (node, *Error) {
	if v.kind != bson.TypeString {
		return nil, at.fail(CodeBadValue, "$glob has to be a string")
	}
	for it := elementsOf(siblings); it.next(); {
		switch key := string(it.key); {
		case key == "$regex", key == "$options", key == "$glob" && &it.data[0] != &v.data[0]:
			return nil, at.fail(CodeBadValue, "$glob cannot stand beside %s: join the two by $and", key)
		}
	}
	re, err := newRegex(globRegex(v), "", at)
	return &field{target, re}, err
}

// globRegex returns the regular expression that says the same as a glob.
func globRegex(pattern value) string { return glob.Compile(string(pattern.text())).Regex() }

// translateSeed writes a filter's $ge, $le and $glob, which are IPython
// parallel's, as MongoDB's $gt, $lt and $regex. The filter is a right one; one
// without them is returned as it is.
func translateSeed(filter bson.Raw) bson.Raw {
	if !bytes.Contains(filter, []byte("$ge\x00")) && !bytes.Contains(filter, []byte("$le\x00")) &&
		!bytes.Contains(filter, []byte("$glob\x00")) {
		return filter
	}
	return seedFilter(filter)
}

// seedFilter translates a document of paths and of operators that take filters.
func seedFilter(doc []byte) []byte {
	return rewrite(doc, func(dst []byte, e element) []byte {
		switch key := string(e.key); {
		case key == "$and" || key == "$or" || key == "$nor":
			return rewriteInto(dst, e, seedBranch)
		case key != "$comment" && key != "$expr" && isOperators(e.value):
			return rewriteInto(dst, e, seedOperator)
		}
		return appendElement(dst, string(e.key), e.value)
	})
}

func seedBranch(dst []byte, e element) []byte {
	return appendElement(dst, string(e.key), value{e.kind, seedFilter(e.data)})
}

// seedOperator translates one operator under a path.
func seedOperator(dst []byte, e element) []byte {
	switch key := string(e.key); key {
	case "$ge":
		return appendElement(dst, "$gt", e.value)
	case "$le":
		return appendElement(dst, "$lt", e.value)
	case "$glob":
		return bsoncore.AppendStringElement(dst, "$regex", globRegex(e.value))
	case "$not":
		if e.kind == bson.TypeEmbeddedDocument {
			return rewriteInto(dst, e, seedOperator)
		}
	case "$elemMatch":
		return seedElemMatch(dst, e)
	case "$all":
		return rewriteInto(dst, e, seedAllMember)
	}
	return appendElement(dst, string(e.key), e.value)
}

func seedElemMatch(dst []byte, e element) []byte {
	if it := elementsOf(e.data); isOperators(e.value) && it.next() && !standsAlone(string(it.key)) {
		return rewriteInto(dst, e, seedOperator)
	}
	return seedBranch(dst, e)
}

func seedAllMember(dst []byte, e element) []byte {
	if elemMatchOf(e.value).missing() {
		return appendElement(dst, string(e.key), e.value)
	}
	return rewriteInto(dst, e, seedOperator)
}

// rewriter appends what is to stand in place of one element.
type rewriter func(dst []byte, e element) []byte

// rewrite returns doc with each of its elements rewritten.
func rewrite(doc []byte, each rewriter) []byte {
	start, dst := bsoncore.ReserveLength(nil)
	for it := elementsOf(doc); it.next(); {
		dst = each(dst, it.element)
	}
	return closeDocument(dst, start)
}

// rewriteInto appends e, a document or an array, with its elements rewritten.
func rewriteInto(dst []byte, e element, each rewriter) []byte {
	return appendElement(dst, string(e.key), value{e.kind, rewrite(e.data, each)})
}

// appendElement appends a key and its value to a document under construction.
func appendElement(dst []byte, key string, v value) []byte {
	dst = bsoncore.AppendHeader(dst, bsoncore.Type(v.kind), key)
	return append(dst, v.data...)
}
