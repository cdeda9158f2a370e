package query

import "slices"

// Needs tells whether the filter asks about a document's top-level key, or about
// what is below it.
func (f *Filter) Needs(key string) bool {
	return anyHead(f.root, func(head string) bool { return head == key })
}

// UsesNow tells whether the filter's expressions ask for $$NOW, which the distinct
// command does not know.
func (f *Filter) UsesNow() bool {
	return anyLeaf(f.root, func(leaf node) bool {
		e, ok := leaf.(*exprNode)
		return ok && e.frame.usesNow
	})
}

// anyHead tells whether a test holds for one of the top-level keys that a filter
// asks about.
func anyHead(n node, test func(head string) bool) bool {
	return anyLeaf(n, func(leaf node) bool {
		switch leaf := leaf.(type) {
		case *field:
			return test(leaf.path.parts[0])
		case *exprNode:
			return leaf.frame.heads.any(test)
		}
		return false
	})
}

// anyLeaf tells whether a test holds for one of the predicates of a filter.
func anyLeaf(n node, test func(leaf node) bool) bool {
	below := func(child node) bool { return anyLeaf(child, test) }
	switch n := n.(type) {
	case *and:
		return slices.ContainsFunc(n.children, below)
	case *or:
		return slices.ContainsFunc(n.children, below)
	case *nor:
		return slices.ContainsFunc(n.children, below)
	case *not:
		return below(n.child)
	}
	return test(n)
}

// Needs tells whether the sort leads through a document's top-level key.
func (s *Sort) Needs(key string) bool {
	for _, p := range s.paths {
		if p.parts[0] == key {
			return true
		}
	}
	return false
}

// Needs tells whether the update looks at a document's top-level key, or at what
// is below it, or changes it. A replacement is compared with the whole document.
func (u *Update) Needs(key string) bool {
	if u.IsPipeline() {
		h := u.asks()
		return h.has(key)
	}
	return u.IsReplacement() || u.root.find([]byte(key)) >= 0
}

// Needs tells whether a document's keys in the index depend on its top-level key.
func (x *Index) Needs(key string) bool {
	for _, p := range x.paths {
		if p.parts[0] == key {
			return true
		}
	}
	return x.Partial != nil && x.Partial.Needs(key)
}
