package query

import "go.mongodb.org/mongo-driver/v2/bson"

// bounds is what an index on a path knows of the documents that a predicate
// selects: each of them has a key in keys. If exact, only they have.
type bounds struct {
	keys  ranges
	exact bool
}

var unbounded = bounds{keys: allKeys}

// and are the bounds of two predicates on a path that has one value.
func (b bounds) and(other bounds) bounds {
	return bounds{b.keys.intersect(other.keys), b.exact && other.exact}
}

// boundsOf returns the bounds of a node that asks about one path. multikey says
// that the index has held an array on this path.
func boundsOf(n node, multikey bool) bounds {
	switch n := n.(type) {
	case *field:
		return operatorBounds(n.test, multikey)
	case *not:
		if child, ok := n.child.(*field); ok {
			return negationBounds(child.test, multikey)
		}
	}
	return unbounded
}

// negationBounds are the bounds of what an operator is not true of. One that is
// true of some value of an array may be false of others, whose keys say nothing.
func negationBounds(test operator, multikey bool) bounds {
	if _, ok := test.(exists); ok {
		return bounds{keys: ranges{pointOf(null)}} // S1
	}
	if multikey {
		return unbounded
	}
	if b := operatorBounds(test, multikey); b.exact {
		return bounds{b.keys.complement(), true}
	}
	return unbounded
}

func operatorBounds(test operator, multikey bool) bounds {
	switch test := test.(type) {
	case *comparison:
		return comparisonBounds(test, multikey)
	case *in:
		return test.bounds(multikey)
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
		keys, exact := appendEqualityKeys(nil, c.operand, multikey)
		return bounds{normalized(keys), exact}
	case c.operand.kind == bson.TypeArray:
		return unbounded // an array is not a key of its own
	case c.operand.kind == bson.TypeNull && c.inclusive():
		return bounds{ranges{pointOf(null)}, !multikey} // C2
	case c.operand.kind == bson.TypeMinKey || c.operand.kind == bson.TypeMaxKey:
		return bounds{extremeKeys(c, multikey), !multikey}
	case c.nan && c.inclusive():
		return bounds{ranges{pointOf(c.operand)}, true} // C4
	case c.nan:
		return bounds{exact: true}
	}
	return orderedBounds(c)
}

// appendEqualityKeys appends the keys of the documents that have v as a value. An
// array is found by its first element, or as an element itself.
func appendEqualityKeys(keys ranges, v value, multikey bool) (_ ranges, exact bool) {
	at := pointOf(v)
	keys = append(keys, at)
	if v.kind != bson.TypeArray {
		// Below an empty array a path has the key of null, and no value.
		return keys, at.point() && !(multikey && v.kind == bson.TypeNull)
	}
	first := undefined
	if it := elementsOf(v.data); it.next() {
		first = it.value
	}
	return append(keys, pointOf(first)), false
}

// pointOf is the range of a value's key. It is no point if the key is longer than
// an index keeps: then it is that of all keys that begin alike.
func pointOf(v value) Range { return beginningWith(cutKey(appendKey(make([]byte, 0, 64), v))) }

// classKeys are all keys of a class.
func classKeys(c class) Range { return beginningWith([]byte{c.keyByte()}) }

// orderedBounds are the bounds of $lt, $lte, $gt and $gte, which stay within the
// operand's class (C1) and leave NaN out (C4).
func orderedBounds(c *comparison) bounds {
	keys := classKeys(c.operand.class())
	if c.operand.class() == classNumber {
		keys.Low = pointOf(doubleNaN).High
	}
	at := pointOf(c.operand)
	exact := at.point()
	switch c.op {
	case opLt:
		keys.High = at.Low
	case opLte:
		keys.High = at.High
	case opGt:
		keys.Low = at.High
	case opGte:
		keys.Low = at.Low
	}
	if !exact { // what begins as the operand may be on either side of it
		keys.Low, keys.High = lower(keys.Low, at.Low), higher(keys.High, at.High)
	}
	return bounds{normalized(ranges{keys}), exact}
}

// extremeKeys are the keys of comparisons with MinKey and MaxKey (C3). An array
// itself is above the one and below the other, whatever its elements.
func extremeKeys(c *comparison, multikey bool) ranges {
	at := ranges{pointOf(c.operand)}
	below := c.op == opLt || c.op == opLte
	switch {
	case below == (c.operand.kind == bson.TypeMinKey) && c.inclusive():
		return at // nothing lies beyond
	case below == (c.operand.kind == bson.TypeMinKey):
		return nil
	case c.inclusive() || multikey:
		return allKeys
	}
	return at.complement()
}

func (n *in) bounds(multikey bool) bounds {
	kept := &n.plain
	if multikey {
		kept = &n.multikey
	}
	kept.once.Do(func() { kept.bounds = inBounds(n, multikey) })
	return kept.bounds
}

func inBounds(n *in, multikey bool) bounds {
	b := bounds{exact: true}
	for _, v := range n.values {
		var exact bool
		b.keys, exact = appendEqualityKeys(b.keys, v, multikey)
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
	key := appendTextKey([]byte{classString.keyByte()}, []byte(prefix))
	key = key[:len(key)-len(endOfText)]
	itself := pointOf(value{bson.TypeRegex, []byte(re.pattern + "\x00" + re.options + "\x00")})
	return bounds{
		keys:  normalized(ranges{beginningWith(cutKey(key)), itself}),
		exact: complete && itself.point(), // longer than what the strings begin with
	}
}

// elemMatchBounds are the keys of the one element that all operators select.
func elemMatchBounds(e *elemMatchValue) bounds {
	children := []node{e.condition}
	if all, ok := e.condition.(*and); ok {
		children = all.children
	}
	keys := allKeys
	for _, child := range children {
		if child, ok := child.(*field); ok && child.rank() != rankElemMatchValue { // about an element's elements
			keys = keys.intersect(operatorBounds(child.test, true).keys)
		}
	}
	return bounds{keys: keys}
}

func typeBounds(t *typeIs, multikey bool) bounds {
	var keys ranges
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

func cutKey(key []byte) []byte { return key[:min(len(key), maxKeySize)] }
