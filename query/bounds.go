package query

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// bounds is what an index on a path knows of the documents that a predicate
// selects: each of them has a key in keys. If exact, only they have.
type bounds struct {
	keys  intervals
	exact bool
}

var unbounded = bounds{keys: allKeys}

// boundsOf returns the bounds of a node that asks about one path. multikey says
// that the index has held an array on this path.
func boundsOf(n node, multikey bool) bounds {
	switch n := n.(type) {
	case *field:
		b := operatorBounds(n.test, multikey)
		b.exact = b.exact && !overlong(b.keys)
		return b
	case *not:
		child, ok := n.child.(*field)
		if !ok || multikey {
			return unbounded
		}
		if b := boundsOf(child, multikey); b.exact {
			return bounds{b.keys.complement(), true}
		}
	}
	return unbounded
}

// overlong tells whether a set has ends that an index may have cut (maxKeySize).
func overlong(set intervals) bool {
	for _, i := range set {
		if len(i.low) >= maxKeySize || len(i.high) >= maxKeySize {
			return true
		}
	}
	return false
}

func operatorBounds(test operator, multikey bool) bounds {
	switch test := test.(type) {
	case *comparison:
		return comparisonBounds(test, multikey)
	case *in:
		return inBounds(test, multikey)
	case *regex:
		return regexBounds(test)
	case *elemMatchValue:
		return elemMatchBounds(test)
	case *typeIs:
		return typeBounds(test, multikey)
	}
	return unbounded
}

func comparisonBounds(c *comparison, multikey bool) bounds {
	switch {
	case c.op == opEq:
		keys, exact := equalityKeys(c.operand, multikey)
		return bounds{normalized(keys), exact}
	case c.operand.kind == bson.TypeArray:
		return unbounded // an array is not a key of its own
	case c.operand.kind == bson.TypeNull && c.inclusive():
		return bounds{intervals{pointOf(null)}, !multikey} // C2
	case c.operand.kind == bson.TypeMinKey || c.operand.kind == bson.TypeMaxKey:
		return bounds{extremeKeys(c), !multikey}
	case c.nan && c.inclusive():
		return bounds{intervals{pointOf(c.operand)}, true} // C4
	case c.nan:
		return bounds{exact: true}
	}
	return bounds{intervals{orderedKeys(c)}, true}
}

// equalityKeys are the keys of the documents that have v as a value. An array is
// found by its first element, or as an element itself.
func equalityKeys(v value, multikey bool) (keys intervals, exact bool) {
	if v.kind != bson.TypeArray {
		// Below an empty array a path has the key of null, and no value.
		return intervals{pointOf(v)}, !(multikey && v.kind == bson.TypeNull)
	}
	first := undefined
	if it := elementsOf(v.data); it.next() {
		first = it.value
	}
	return intervals{pointOf(v), pointOf(first)}, false
}

func pointOf(v value) interval { return beginningWith(cutKey(appendKey(nil, v))) }

// classKeys are all keys of a class.
func classKeys(c class) interval { return beginningWith([]byte{c.keyByte()}) }

// orderedKeys are the keys of $lt, $lte, $gt and $gte, which stay within the
// operand's class (C1) and leave NaN out (C4).
func orderedKeys(c *comparison) interval {
	ordered := classKeys(c.operand.class())
	if c.operand.class() == classNumber {
		ordered.low = pointOf(doubleNaN).high
	}
	at := pointOf(c.operand)
	switch c.op {
	case opLt:
		ordered.high = at.low
	case opLte:
		ordered.high = at.high
	case opGt:
		ordered.low = at.high
	case opGte:
		ordered.low = at.low
	}
	if len(at.low) >= maxKeySize { // what lies at a cut key may be on either side of it
		ordered.low, ordered.high = lower(ordered.low, at.low), higher(ordered.high, at.high)
	}
	return ordered
}

// extremeKeys are the keys of comparisons with MinKey and MaxKey (C3).
func extremeKeys(c *comparison) intervals {
	at := intervals{pointOf(c.operand)}
	below := c.op == opLt || c.op == opLte
	switch {
	case below == (c.operand.kind == bson.TypeMinKey) && c.inclusive():
		return at // nothing lies beyond
	case below == (c.operand.kind == bson.TypeMinKey):
		return nil
	case c.inclusive():
		return allKeys
	}
	return at.complement()
}

func inBounds(n *in, multikey bool) bounds {
	b := bounds{exact: true}
	for _, v := range n.values {
		keys, exact := equalityKeys(v, multikey)
		b.keys = append(b.keys, keys...)
		b.exact = b.exact && exact
	}
	for _, re := range n.regexes {
		some := regexBounds(re)
		b.keys = append(b.keys, some.keys...)
		b.exact = b.exact && some.exact
	}
	b.keys = normalized(b.keys)
	return b
}

// regexBounds are the strings that begin as every match does, and the same
// regular expression as a value.
func regexBounds(re *regex) bounds {
	prefix, complete := re.text.Prefix()
	strings := classKeys(classString)
	if prefix != "" {
		key := appendTextKey([]byte{classString.keyByte()}, []byte(prefix))
		strings = beginningWith(cutKey(key[:len(key)-len(endOfText)]))
	}
	itself := value{bson.TypeRegex, []byte(re.pattern + "\x00" + re.options + "\x00")}
	return bounds{normalized(intervals{strings, pointOf(itself)}), complete}
}

// elemMatchBounds are the keys of the one element that all operators select.
func elemMatchBounds(e *elemMatchValue) bounds {
	children := []node{e.condition}
	if all, ok := e.condition.(*and); ok {
		children = all.children
	}
	keys := allKeys
	for _, child := range children {
		if child, ok := child.(*field); ok {
			keys = keys.intersect(operatorBounds(child.test, true).keys)
		}
	}
	return bounds{keys: keys}
}

func typeBounds(t *typeIs, multikey bool) bounds {
	var keys intervals
	for kind := range 256 {
		if t.kinds[kind>>6]&(1<<(kind&63)) == 0 {
			continue
		}
		if multikey && bson.Type(kind) == bson.TypeArray {
			return unbounded
		}
		keys = append(keys, classKeys(classes[kind]))
	}
	return bounds{keys: normalized(keys)}
}

// maxKeySize is how many bytes of one field's key an index keeps. What is longer
// is cut, and found by what is left.
const maxKeySize = 1024

func cutKey(key []byte) []byte { return bytes.Clone(key[:min(len(key), maxKeySize)]) }
