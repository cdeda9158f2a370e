package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// renameTo is $rename at the path that a value gets, renameFrom at the one that
// it had. No other change meets either path, so that both can look at the
// document as it was.
type renameTo struct {
	from, to path
}

// absent leaves errors to modify, and the time that it takes to who spends next.
func (r renameTo) absent(e *edit) absence {
	e.done += len(e.doc)
	if v, _, err := follow(e.doc, r.from); v.missing() && err == nil {
		return ignores
	}
	return creates
}

func (r renameTo) modify(v value, e *edit) (value, error) {
	if err := e.spend(2 * len(e.doc)); err != nil {
		return value{}, err
	}
	source, array, err := follow(e.doc, r.from)
	switch {
	case err != nil:
		return value{}, err
	case source.missing():
		return v, nil
	case array >= 0:
		return value{}, failure(CodeBadValue, "The source field cannot be an array element, '%s' in doc with %s has an array field called '%s'",
			r.from, e.id(), r.from.parts[array])
	}
	if _, array, _ := follow(e.doc, r.to); array >= 0 {
		return value{}, failure(CodeBadValue, "The destination field cannot be an array element, '%s' in doc with %s has an array field called '%s'",
			r.to, e.id(), r.to.parts[array])
	}
	return source, nil
}

type renameFrom struct{}

func (renameFrom) absent(*edit) absence { return ignores }

func (renameFrom) modify(value, *edit) (value, error) { return value{}, nil }

// follow returns the value at a path, whose parts are taken as they stand: an
// array is entered by indexes only. array is the place in the path of the first
// array that it leads through, or -1. It fails if the path leads on from where
// there is nothing to lead to.
func follow(doc []byte, p path) (v value, array int, err error) {
	array = -1
	v = value{bson.TypeEmbeddedDocument, doc}
	for i, part := range p.parts {
		switch {
		case v.missing():
			return v, array, nil
		case v.kind == bson.TypeEmbeddedDocument:
			v = lookup(v.data, part)
		case v.kind == bson.TypeArray && p.indexes[i] >= 0:
			if array < 0 {
				array = i - 1
			}
			v = elementAt(v, p.indexes[i])
		default:
			return value{}, array, notViable(part, p.String(), p.parts[i-1], v)
		}
	}
	return v, array, nil
}

// rename parses {from: to}: one change at either path.
func (p *updateParser) rename(from string, v value, at trail) *Error {
	if err := p.place(from, renameFrom{}, at); err != nil {
		return err
	}
	if v.kind != bson.TypeString {
		return at.fail(CodeBadValue, "The 'to' field for $rename must be a string: %s", describe(from, v))
	}
	to := string(v.text())
	switch {
	case strings.ContainsRune(to, 0):
		return at.fail(9867600, "The 'to' field for $rename cannot contain an embedded null byte")
	case from == to:
		return at.fail(CodeBadValue, "The source and target field for $rename must differ: %s", describe(from, v))
	case strings.HasPrefix(to, from+".") || strings.HasPrefix(from, to+"."):
		return at.fail(CodeBadValue, "The source and target field for $rename must not be on the same path: %s", describe(from, v))
	case isDynamic(from):
		return at.fail(CodeBadValue, "The source field for $rename may not be dynamic: %s", from)
	case isDynamic(to):
		return at.fail(CodeBadValue, "The destination field for $rename may not be dynamic: %s", to)
	}
	return p.place(to, renameTo{newPath(from), newPath(to)}, at)
}

// isDynamic tells whether a path has parts that stand for array elements.
func isDynamic(dotted string) bool {
	for part := range strings.SplitSeq(dotted, ".") {
		if part == "$" || isFiltered(part) {
			return true
		}
	}
	return false
}
