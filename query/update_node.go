package query

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// updateNode is one part of the paths of an update, and what comes below it: the
// tree of all that the update changes, as MongoDB's UpdateNode. A leaf has a
// change, any other node has children.
type updateNode struct {
	name     string
	index    int // name as an array index, or -1
	kind     partKind
	change   *change
	children []*updateNode
	names    // of the children
}

// partKind is what a part of an update's path stands for.
type partKind uint8

const (
	plainPart      partKind = iota // a key, or an index
	positionalPart                 // $, the element by which the filter selected the document
	filteredPart                   // $[], all elements, or $[identifier], those that an array filter selects
)

// change is an operator at the end of a path.
type change struct {
	modifier
	path string
	at   trail // where in the update it stands
}

// locate names, in an error that does not, where in the update it arose.
func (c *change) locate(err error) error {
	if err == nil {
		return nil
	}
	var failed *Error
	if errors.As(err, &failed) && failed.Path == "" {
		failed.Path = strings.Join(c.at, ".")
	}
	return err
}

// locate names the first change at the node or below it, see change.locate.
func (n *updateNode) locate(err error) error {
	for n.change == nil {
		n = n.children[0]
	}
	return n.change.locate(err)
}

func newNode(name string) *updateNode { return &updateNode{name: name, index: indexOf(name)} }

// newPart returns the node of a part of an update's path.
func newPart(name string) *updateNode {
	n := newNode(name)
	switch {
	case name == "$":
		n.kind = positionalPart
	case isFiltered(name):
		n.kind = filteredPart
	}
	return n
}

func isFiltered(name string) bool {
	return strings.HasPrefix(name, "$[") && strings.HasSuffix(name, "]")
}

// identifier returns the identifier of $[identifier].
func identifier(name string) string { return name[len("$[") : len(name)-len("]")] }

// filtered tells whether the node's children are filtered parts. They are alike
// in this.
func (n *updateNode) filtered() bool {
	return len(n.children) > 0 && n.children[0].kind == filteredPart
}

func (n *updateNode) add(child *updateNode) {
	n.children = append(n.children, child)
	n.names.add(child.name)
}

// insert places a change at the end of a path, whose nodes have no children yet.
// It fails if another change is on the way or beneath.
func (n *updateNode) insert(path []*updateNode, c *change) *Error {
	for i, part := range path {
		if len(n.children) > 0 && n.filtered() != (part.kind == filteredPart) {
			return conflict(path, i)
		}
		last := i+1 == len(path)
		place := n.find([]byte(part.name))
		switch {
		case place < 0:
			n.add(part)
			n = part
		case last || n.children[place].change != nil:
			return conflict(path, i+1)
		default:
			n = n.children[place]
		}
	}
	n.change = c
	return nil
}

// conflict is the error of a path that meets another at its n-th part.
func conflict(path []*updateNode, n int) *Error {
	return failure(CodeConflictingOperators, "Updating the path '%s' would create a conflict at '%s'", dotted(path), dotted(path[:n]))
}

func dotted(path []*updateNode) string {
	parts := make([]string, len(path))
	for i, part := range path {
		parts[i] = part.name
	}
	return strings.Join(parts, ".")
}

// sort brings the children, and theirs, into the order in which they are
// applied, and new keys are added: indexes by value, then names by their bytes.
func (n *updateNode) sort() {
	n.sortChildren()
	for _, child := range n.children {
		child.sort()
	}
}

func (n *updateNode) sortChildren() {
	slices.SortFunc(n.children, func(a, b *updateNode) int {
		// An index of -1 is no index, and comes last.
		return cmp.Or(cmp.Compare(uint(a.index), uint(b.index)), strings.Compare(a.name, b.name))
	})
	n.names = names{list: n.list[:0]}
	for _, child := range n.children {
		n.names.add(child.name)
	}
}

// merge returns the changes of two nodes as those of one. What is at the end of a
// path in either must not be in the other. path is where they meet.
func merge(a, b *updateNode, path []string) (*updateNode, error) {
	if a.change != nil || b.change != nil || a.filtered() != b.filtered() {
		return nil, a.locate(failure(CodeConflictingOperators, "Update created a conflict at '%s'", strings.Join(path, ".")))
	}
	merged := &updateNode{name: a.name, index: a.index, kind: a.kind}
	for _, child := range slices.Concat(a.children, b.children) {
		if err := merged.mergeChild(child, path); err != nil {
			return nil, err
		}
	}
	merged.sortChildren()
	return merged, nil
}

// mergeChild adds a child to those of n, whose path is given.
func (n *updateNode) mergeChild(child *updateNode, path []string) error {
	place := n.find([]byte(child.name))
	if place < 0 {
		n.add(child)
		return nil
	}
	both, err := merge(n.children[place], child, append(path, child.name))
	if err != nil {
		return err
	}
	n.children[place] = both
	return nil
}

// at returns n with the positional child, if it has one, as that of an index.
// path is that of n.
func (n *updateNode) at(index string, path []string) (*updateNode, error) {
	resolved := &updateNode{name: n.name, index: n.index, kind: n.kind}
	for _, child := range n.children {
		if child.kind == positionalPart {
			child = &updateNode{name: index, index: indexOf(index), change: child.change, children: child.children, names: child.names}
		}
		if err := resolved.mergeChild(child, path); err != nil {
			return nil, err
		}
	}
	resolved.sortChildren()
	return resolved, nil
}

// positional tells whether one of the node's children is $.
func (n *updateNode) positional() bool { return n.find([]byte("$")) >= 0 }
