package query

// KeyCondition is a filter in terms of keys: of the one that a document has on
// each path, if no path leads to or through an array.
type KeyCondition struct {
	// All or Any, if not empty, are conditions of which all or any must hold.
	All, Any []KeyCondition
	// Else the key on Path must be in one of Ranges.
	Path   string
	Ranges []Range
}

// KeyCondition returns the filter in terms of keys. It tells false if keys do not
// tell whether the filter selects a document.
func (f *Filter) KeyCondition() (KeyCondition, bool) { return keyCondition(f.root) }

func keyCondition(n node) (c KeyCondition, ok bool) {
	switch n := n.(type) {
	case *and:
		c.All, ok = keyConditions(n.children)
		return c, ok
	case *or:
		c.Any, ok = keyConditions(n.children)
		return c, ok
	}
	p, b := pathOf(n), boundsOf(n, false)
	if p == nil || !b.exact {
		return c, false
	}
	return KeyCondition{Path: p.String(), Ranges: b.keys}, true
}

func keyConditions(nodes []node) (list []KeyCondition, ok bool) {
	for _, n := range nodes {
		c, ok := keyCondition(n)
		if !ok {
			return nil, false
		}
		list = append(list, c)
	}
	return list, len(list) > 0
}
