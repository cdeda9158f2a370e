package query

import "slices"

// condition is one of the predicates of a filter that all must hold.
type condition struct {
	node
	path *path // what it asks about; nil if that is not one path
}

// conditionsOf returns the predicates that all must hold for n to hold. An and
// has none among its children, see conjunction.
func conditionsOf(n node) []condition {
	all, ok := n.(*and)
	if !ok {
		return []condition{{n, pathOf(n)}}
	}
	conditions := make([]condition, len(all.children))
	for i, child := range all.children {
		conditions[i] = condition{child, pathOf(child)}
	}
	return conditions
}

// pathOf returns the path that a node asks about, or nil.
func pathOf(n node) *path {
	switch n := n.(type) {
	case *field:
		return &n.path
	case *not:
		return pathOf(n.child)
	}
	return nil
}

// asksAbout tells whether a condition is about a path.
func (c condition) asksAbout(p path) bool { return c.path != nil && c.path.equal(p) }

// impossible tells whether a condition holds for no document, as {$in: []}.
func (c condition) impossible() bool {
	switch n := c.node.(type) {
	case never:
		return true
	case *field:
		list, ok := n.test.(*in)
		return ok && len(list.values)+len(list.regexes) == 0
	}
	return false
}

// implies tells whether one condition follows from another: both ask about the
// same path, and the values that satisfy the one satisfy the other. Where there
// are arrays that holds only if both ask for some value, or both for none.
func (c condition) implies(other condition) bool {
	if c.path == nil || !other.asksAbout(*c.path) || c.negative() != other.negative() {
		return false
	}
	known, asked := boundsOf(c.node, false), boundsOf(other.node, false)
	if other.rank() == rankExists {
		return c.rank() == rankExists || len(known.keys.intersect(ranges{pointOf(null)})) == 0 // C2
	}
	return known.exact && asked.exact && known.keys.within(asked.keys)
}

func (c condition) negative() bool { return c.rank() == rankNot }

// covers tells whether a partial index has all documents for which the
// conditions hold: each of its own conditions must follow from one of them.
func (x *Index) covers(conditions []condition) bool {
	if x.Partial == nil {
		return true
	}
	for _, own := range conditionsOf(x.Partial.root) {
		if !slices.ContainsFunc(conditions, func(c condition) bool { return c.implies(own) }) {
			return false
		}
	}
	return true
}

// secures tells whether a condition holds for all documents in a partial index.
func (x *Index) secures(c condition) bool {
	return x.Partial != nil &&
		slices.ContainsFunc(conditionsOf(x.Partial.root), func(own condition) bool { return own.implies(c) })
}
