package query

import "strings"

// What follows is about changes whose paths a document does not admit.

// noArray is the error of filtered parts below what is no array.
func (e *edit) noArray(v value) error {
	if v.missing() {
		return mustExist(e.path)
	}
	return failure(CodeBadValue, "Cannot apply array updates to non-array element %s", describe(e.holder(), v))
}

func mustExist(path []string) *Error {
	return failure(CodeBadValue, "The path '%s' must exist in the document in order to apply array updates.", strings.Join(path, "."))
}

// holder is the key of the value at the path.
func (e *edit) holder() string { return e.path[len(e.path)-1] }

// barBelow returns what is wrong with the changes below n, which lead through v,
// the value at the path, though it is no document and no array.
func (e *edit) barBelow(n *updateNode, v value) error {
	n, err := e.resolve(n)
	if err != nil {
		return err
	}
	for _, child := range n.children {
		if err := e.bar(child, child.name, v); err != nil {
			return err
		}
	}
	return nil
}

// bar returns what is wrong with the changes at n and below, which lead through
// v, the value at the path, though that has no such key: nothing, if none of them
// minds.
func (e *edit) bar(n *updateNode, key string, v value) error {
	if err := e.spend(0); err != nil {
		return n.locate(err)
	}
	if n.filtered() {
		return n.locate(mustExist(append(e.path, key)))
	}
	if n.change == nil {
		return e.barAll(n, key, v)
	}
	switch n.change.absent(e) {
	case creates:
		return n.locate(failure(CodePathNotViable, "Cannot create field '%s' in element %s", key, describe(e.holder(), v)))
	case needsWay:
		return n.locate(notViable(key, n.change.path, e.holder(), v))
	}
	return nil
}

// barAll is bar for the changes below n.
func (e *edit) barAll(n *updateNode, key string, v value) error {
	n, err := e.resolve(n)
	if err != nil {
		return err
	}
	for _, child := range n.children {
		if err := e.bar(child, key, v); err != nil {
			return err
		}
	}
	return nil
}

// notViable is the error of a path that ends before its time, at v, the value of
// the key holder.
func notViable(part, path, holder string, v value) *Error {
	return failure(CodePathNotViable, "Cannot use the part (%s) of (%s) to traverse the element (%s)", part, path, describe(holder, v))
}
