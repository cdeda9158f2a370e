package query

// node is one expression of a filter's tree. It can be asked about a document,
// or, inside an $elemMatch of operators, about one value.
type node interface {
	matchDocument(doc []byte, q *question) (bool, error)
	matchValue(v value, q *question) (bool, error)
	// rank is the node's place among its siblings, see and.
	rank() int
}

// The ranks of nodes, in the order of MongoDB's MatchExpression::MatchType.
const (
	rankAnd = iota
	rankOr
	rankElemMatchObject
	rankElemMatchValue
	rankSize
	rankEq
	rankLte
	rankLt
	rankGt
	rankGte
	rankRegex
	rankMod
	rankExists
	rankIn
	rankBits
	rankNot
	rankNor
	rankType
	rankNever
	rankExpr
)

// and is true if all its children are. Children stand in the order of their
// ranks and then of their paths, as MongoDB's optimizer sorts them, since the
// last child decides which array element a positional projection shows.
type and struct{ children []node }

func (n *and) matchDocument(doc []byte, q *question) (bool, error) {
	for _, child := range n.children {
		if ok, err := child.matchDocument(doc, q); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (n *and) matchValue(v value, q *question) (bool, error) {
	for _, child := range n.children {
		if ok, err := child.matchValue(v, q); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (n *and) rank() int { return rankAnd }

// or is true if one of its children is. It tells no position, as MongoDB's does
// not; an $or that is an $in in truth does, see disjunction.
type or struct{ children []node }

func (n *or) matchDocument(doc []byte, q *question) (bool, error) {
	for _, child := range n.children {
		if ok, err := child.matchDocument(doc, q.aside()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (n *or) matchValue(v value, q *question) (bool, error) {
	for _, child := range n.children {
		if ok, err := child.matchValue(v, q.aside()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (n *or) rank() int { return rankOr }

// not is true if its child is not (P9). What a child found on its way is no
// position of a match.
type not struct{ child node }

func (n *not) matchDocument(doc []byte, q *question) (bool, error) {
	ok, err := n.child.matchDocument(doc, q.aside())
	return !ok && err == nil, err
}

func (n *not) matchValue(v value, q *question) (bool, error) {
	ok, err := n.child.matchValue(v, q.aside())
	return !ok && err == nil, err
}

func (n *not) rank() int { return rankNot }

// nor is true if none of its children is.
type nor struct{ or }

func (n *nor) matchDocument(doc []byte, q *question) (bool, error) {
	ok, err := n.or.matchDocument(doc, q.aside())
	return !ok && err == nil, err
}

func (n *nor) matchValue(v value, q *question) (bool, error) {
	ok, err := n.or.matchValue(v, q.aside())
	return !ok && err == nil, err
}

func (n *nor) rank() int { return rankNor }

// never is true of nothing, as {$all: []} is.
type never struct{}

func (never) matchDocument([]byte, *question) (bool, error) { return false, nil }
func (never) matchValue(value, *question) (bool, error)     { return false, nil }
func (never) rank() int                                     { return rankNever }

// field is a predicate on the values of a path.
type field struct {
	path path
	test operator
}

// operator is a predicate that is written as an operator under a field.
type operator interface {
	predicate
	rank() int
}

func (n *field) matchDocument(doc []byte, q *question) (bool, error) {
	return n.path.any(doc, n.test, q)
}

func (n *field) matchValue(v value, q *question) (bool, error) {
	if err := q.spend(len(v.data)); err != nil {
		return false, err
	}
	return n.test.matches(v, q)
}

func (n *field) rank() int { return n.test.rank() }
