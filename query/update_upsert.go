package query

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Upsert returns the document to be inserted when filter, which may be nil,
// selected none: what the filter asks equality of, in the order of the paths,
// changed by the update, with $setOnInsert; for a replacement, the replacement
// with the filter's _id. The _id stands first. If neither the filter nor the
// update gives one it is absent, and for the store to make.
//
// Upsert fails as Apply does; or if the filter asks equality of one path twice,
// or what it asks of _id is not the update's.
func (u *Update) Upsert(filter *Filter, now time.Time) (bson.Raw, error) {
	base, err := u.equalities(filter)
	if err != nil {
		return nil, err
	}
	doc := base
	switch {
	case u.IsReplacement():
		doc, err = u.replacement(lookup(base, "_id"), now)
	case u.IsPipeline():
		doc, err = u.transform(base, now)
	default:
		e := newEdit(u, base, now)
		e.insert = true
		doc, _, err = e.run(nil)
	}
	if err != nil {
		return nil, err
	}
	doc = idFirst(doc)
	if err := checkInsert(doc); err != nil {
		return nil, err
	}
	if len(doc) > u.max {
		return nil, u.tooLarge(true)
	}
	if err := Validate(doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// equality is a path and the one value that a filter selects there.
type equality struct {
	path path
	v    value
}

// equalities returns the document of what a filter asks equality of; for a
// replacement, of the _id alone.
func (u *Update) equalities(filter *Filter) ([]byte, error) {
	if filter == nil {
		return emptyDocument, nil
	}
	found := appendEqualities(nil, filter.root)
	slices.SortStableFunc(found, func(a, b equality) int { return cmp.Compare(a.path.String(), b.path.String()) })
	tree := &updateNode{}
	for _, equal := range found {
		if u.IsReplacement() {
			if equal.path.parts[0] != "_id" {
				continue
			}
			if len(equal.path.parts) > 1 {
				return nil, failure(CodeNotExactValueField, "field at '_id' must be exactly specified, field at sub-path '%s'found", equal.path)
			}
		}
		if err := insertEquality(tree, equal); err != nil {
			return nil, err
		}
	}
	tree.sort()
	e := newEdit(&Update{root: tree, source: filter.source, max: u.max}, emptyDocument, time.Time{})
	e.insert = true
	doc, _, err := e.run(nil)
	return doc, err
}

// appendEqualities appends the equalities that hold for all that a node selects.
func appendEqualities(found []equality, n node) []equality {
	switch n := n.(type) {
	case *and:
		for _, child := range n.children {
			found = appendEqualities(found, child)
		}
	case *field:
		if test, ok := n.test.(*comparison); ok && test.op == opEq {
			found = append(found, equality{n.path, test.operand})
		}
	}
	return found
}

func insertEquality(tree *updateNode, equal equality) error {
	path := make([]*updateNode, len(equal.path.parts))
	for i, part := range equal.path.parts {
		path[i] = newNode(part)
	}
	dotted := equal.path.String()
	if err := tree.insert(path, &change{set{operand: equal.v}, dotted, strings.Split(dotted, ".")}); err != nil {
		return failure(CodeNotSingleValueField, "cannot infer query fields to set, path '%s' is matched twice", dotted)
	}
	return nil
}

// checkInsert is MongoDB's check of a document that is to be inserted: of the
// names of its keys, and of its _id.
func checkInsert(doc []byte) error {
	if err := checkKeys(doc); err != nil {
		return err
	}
	return checkID(lookup(doc, "_id"))
}

// CheckID is MongoDB's check of the _id of a document that is to be inserted. The error is
// an *Error: of its type, or of names in it that begin with a dollar.
func CheckID(id bson.RawValue) error { return checkID(valueOf(id)) }

func checkID(id value) error {
	switch id.kind {
	case bson.TypeArray, bson.TypeRegex, bson.TypeUndefined:
		return trail{"_id"}.fail(CodeInvalidIDField, "The '_id' value cannot be of type %s", TypeName(id.kind))
	case bson.TypeEmbeddedDocument:
		return checkNamesInID(id.data)
	}
	return nil
}

// checkNamesInID refuses names that begin with a dollar in an _id, but for those of a
// DBRef.
func checkNamesInID(doc []byte) error {
	for it := elementsOf(doc); it.next(); {
		key := string(it.key)
		if strings.HasPrefix(key, "$") && !isReference(key) {
			return trail{"_id"}.fail(CodeDollarPrefixedField, "_id fields may not contain '$'-prefixed fields: %s is not valid for storage.", key)
		}
	}
	return nil
}
