package query

import "go.mongodb.org/mongo-driver/v2/bson"

// Point returns the key in the index of each document that a filter selects, if the
// filter asks for one value of the index's only path that no two documents share: so
// it selects one at the most. It may ask for more beside that.
func (x *Index) Point(f *Filter) (key []byte, ok bool) {
	if x.Unique == NotUnique || x.Multikey || x.Partial != nil || len(x.paths) > 1 || x.down[0] {
		return nil, false
	}
	all, isAnd := f.root.(*and)
	if !isAnd {
		return x.point(f.root)
	}
	for _, n := range all.children {
		if key, ok = x.point(n); ok {
			return key, true
		}
	}
	return nil, false
}

// point is Point for one of a filter's conditions.
func (x *Index) point(n node) (key []byte, ok bool) {
	asked, ok := n.(*field)
	if !ok || !asked.path.equal(x.paths[0]) {
		return nil, false
	}
	equal, ok := asked.test.(*comparison)
	if !ok || equal.op != opEq || equal.operand.kind == bson.TypeArray {
		return nil, false
	}
	key = appendKey(make([]byte, 0, 64), equal.operand)
	return key, len(key) <= maxKeySize && x.Guards(key)
}
