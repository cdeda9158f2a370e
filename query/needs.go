package query

// Needs tells whether the filter asks about a document's top-level key, or about
// what is below it.
func (f *Filter) Needs(key string) bool {
	return anyHead(f.root, func(head string) bool { return head == key })
}

// anyHead tells whether a test holds for one of the top-level keys that a filter
// asks about.
func anyHead(n node, test func(head string) bool) bool {
	switch n := n.(type) {
	case *and:
		return anyHeadOf(n.children, test)
	case *or:
		return anyHeadOf(n.children, test)
	case *nor:
		return anyHeadOf(n.children, test)
	case *not:
		return anyHead(n.child, test)
	case *field:
		return test(n.path.parts[0])
	case *exprNode:
		return n.frame.heads.any(test)
	}
	return false
}

func anyHeadOf(nodes []node, test func(head string) bool) bool {
	for _, n := range nodes {
		if anyHead(n, test) {
			return true
		}
	}
	return false
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
