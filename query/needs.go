package query

// Needs tells whether the filter asks about a document's top-level key, or about
// what is below it.
func (f *Filter) Needs(key string) bool { return needs(f.root, key) }

func needs(n node, key string) bool {
	switch n := n.(type) {
	case *and:
		return anyNeeds(n.children, key)
	case *or:
		return anyNeeds(n.children, key)
	case *nor:
		return anyNeeds(n.children, key)
	case *not:
		return needs(n.child, key)
	case *field:
		return n.path.parts[0] == key
	}
	return false
}

func anyNeeds(nodes []node, key string) bool {
	for _, n := range nodes {
		if needs(n, key) {
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
