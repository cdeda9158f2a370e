package query

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// unwindingStage is $unwind: of a document with an array at a path it makes one for each
// element.
type unwindingStage struct {
	path      []string
	preserve  bool      // documents without elements
	added     *addition // an element, and its index, if that is wanted
	indexOnly *addition
}

// The slots of an element and its index.
const (
	elementSlot = root + 1
	indexSlot   = root + 2
)

func (u *unwindingStage) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			if err != nil {
				yield(nil, err)
				return
			}
			if !u.unwind(doc, yield) {
				return
			}
		}
	}
}

// unwind yields what becomes of a document, and tells whether to go on.
func (u *unwindingStage) unwind(doc []byte, yield func(bson.Raw, error) bool) bool {
	v := documentValue(doc)
	for _, part := range u.path {
		if v.kind != bson.TypeEmbeddedDocument {
			v = value{}
			break
		}
		v = lookup(v.data, part)
	}
	if v.kind != bson.TypeArray {
		if v.nullish() && !u.preserve {
			return true
		}
		return u.yield(doc, u.indexOnly, value{}, null, yield)
	}
	n := int64(0)
	for it := elementsOf(v.data); it.next(); n++ {
		if !u.yield(doc, u.added, it.value, int64Value(n), yield) {
			return false
		}
	}
	if n == 0 && u.preserve {
		return u.yield(doc, u.added, value{}, null, yield)
	}
	return true
}

// yield yields a document with an element and an index.
func (u *unwindingStage) yield(doc []byte, added *addition, element, index value, yield func(bson.Raw, error) bool) bool {
	s := &scope{variables: []value{root: documentValue(doc), elementSlot: element, indexSlot: index}}
	unwound, err := added.appendAdded(nil, doc, s)
	return yield(unwound, err) && err == nil
}

func (u *unwindingStage) asks(h *heads) bool {
	h.add(u.path[0])
	for _, a := range u.indexOnly.below {
		h.add(a.key)
	}
	return false
}

func (p pipelineParser) unwind(v value, at trail) (stage, *Error) {
	path, index := v, value{}
	u := &unwindingStage{}
	switch v.kind {
	case bson.TypeString:
	case bson.TypeEmbeddedDocument:
		var err *Error
		if path, index, u.preserve, err = unwindOptions(v.data, at); err != nil {
			return nil, err
		}
	default:
		return nil, at.fail(15981, "expected either a string or an object as specification for $unwind stage, got %s", TypeName(v.kind))
	}
	dotted, isPath := strings.CutPrefix(string(path.text()), "$")
	switch {
	case len(path.text()) == 0:
		return nil, at.fail(28812, "no path specified to $unwind stage")
	case !isPath:
		return nil, at.fail(28818, "path option to $unwind stage should be prefixed with a '$': %s", path.text())
	}
	if err := checkFieldPath(dotted, at); err != nil {
		return nil, err
	}
	u.path = strings.Split(dotted, ".")
	both, only := additionParser{}, additionParser{}
	_ = both.add(u.path, variable{elementSlot}, at) // the first collides with none
	if !index.missing() {
		parts := strings.Split(string(index.text()), ".")
		if err := checkFieldPath(string(index.text()), at); err != nil {
			return nil, err
		}
		_ = only.add(parts, variable{indexSlot}, at)
		if err := both.add(parts, variable{indexSlot}, at); err != nil {
			return nil, err
		}
	}
	u.added, u.indexOnly = &both.root, &only.root
	return u, nil
}

// unwindOptions reads the document of $unwind.
func unwindOptions(doc []byte, at trail) (path, index value, preserve bool, err *Error) {
	for it := elementsOf(doc); it.next(); {
		below := at.down(string(it.key))
		switch string(it.key) {
		case "path":
			if path = it.value; !path.isString() {
				return path, index, false, below.fail(28808, "expected a string as the path for $unwind stage, got %s", TypeName(it.kind))
			}
		case "preserveNullAndEmptyArrays":
			if it.kind != bson.TypeBoolean {
				return path, index, false, below.fail(28809, "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got %s", TypeName(it.kind))
			}
			preserve = it.truthy()
		case "includeArrayIndex":
			index = it.value
			switch {
			case !index.isString() || len(index.text()) == 0:
				return path, index, false, below.fail(28810, "expected a non-empty string for the includeArrayIndex  option to $unwind stage, got %s", TypeName(it.kind))
			case index.text()[0] == '$':
				return path, index, false, below.fail(28822, "includeArrayIndex option to $unwind stage should not be prefixed with a '$': %s", index.text())
			}
		default:
			return path, index, false, below.fail(28811, "unrecognized option to $unwind stage: %s", it.key)
		}
	}
	if path.missing() {
		return path, index, false, at.fail(28812, "no path specified to $unwind stage")
	}
	return path, index, preserve, nil
}
