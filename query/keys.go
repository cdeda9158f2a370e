package query

import "go.mongodb.org/mongo-driver/v2/bson"

// eachKey calls use with the values that paths have in doc, once for each
// combination that arrays give: the keys of an index on these paths, of which a
// sort takes the smallest (S2). A missing value is null, the value of an empty
// array is undefined (S1), and an array is taken apart once. Paths may share an
// array but not lead through two: that is an error. use must not keep the slice.
//
// The rules are those of MongoDB's BtreeKeyGenerator.
func eachKey(doc []byte, paths []path, use func([]value)) error {
	k := keyBuilder{paths: paths, use: use, values: make([]value, len(paths))}
	from := make([]int, len(paths))
	if err := k.expand(doc, from); err != nil {
		return err
	}
	return nil
}

type keyBuilder struct {
	paths  []path
	use    func([]value)
	values []value
}

// done marks a path in a from slice whose value is known.
const done = -1

var (
	null      = value{kind: bson.TypeNull}
	undefined = value{kind: bson.TypeUndefined}
)

// expand follows path i from its from[i]-th part through doc, for all paths, up
// to the array that is in the way of some, and goes on from each of its elements.
func (k *keyBuilder) expand(doc []byte, from []int) *Error {
	var array value
	var through []int // the paths that lead through array, or end at it
	next := make([]int, len(from))
	for i := range k.paths {
		next[i] = done
		if from[i] == done {
			continue
		}
		v, part := k.paths[i].untilArray(doc, from[i])
		if v.kind != bson.TypeArray {
			k.values[i] = v
			continue
		}
		if through != nil && &array.data[0] != &v.data[0] {
			return failure(CodeBadValue, "cannot sort with keys that are parallel arrays")
		}
		array, next[i] = v, part
		through = append(through, i)
	}
	if through == nil {
		k.use(k.values)
		return nil
	}
	return k.expandArray(array, through, next)
}

func (k *keyBuilder) expandArray(array value, through, from []int) *Error {
	it := elementsOf(array.data)
	empty := true
	for it.next() {
		empty = false
		if err := k.expandElement(it.value, through, from); err != nil {
			return err
		}
	}
	if empty {
		return k.expandElement(undefined, through, from)
	}
	return nil
}

// expandElement takes an array's element as the value of the paths that end at
// the array, and goes on with the others if it is a document.
func (k *keyBuilder) expandElement(element value, through, from []int) *Error {
	next := append([]int(nil), from...)
	for _, i := range through {
		if from[i] == len(k.paths[i].parts) {
			k.values[i] = element
			next[i] = done
		}
	}
	var doc []byte
	if element.kind == bson.TypeEmbeddedDocument {
		doc = element.data
	}
	return k.expand(doc, next)
}

// untilArray follows the path from its i-th part until its end or an array that
// is not entered by an index. It returns the value there, null if it is missing,
// and how many parts were used up.
func (p path) untilArray(doc []byte, i int) (value, int) {
	for {
		v := lookup(doc, p.parts[i])
		i++
		for v.kind == bson.TypeArray && i < len(p.parts) && p.indexes[i] >= 0 {
			element := elementAt(v, p.indexes[i])
			if element.missing() {
				break
			}
			v = element
			i++
		}
		switch {
		case v.missing():
			return null, i
		case v.kind == bson.TypeArray || i == len(p.parts):
			return v, i
		case v.kind != bson.TypeEmbeddedDocument:
			return null, i
		}
		doc = v.data
	}
}

// elementAt returns an array's element, or a missing value.
func elementAt(array value, index int) value {
	it := elementsOf(array.data)
	for i := 0; it.next(); i++ {
		if i == index {
			return it.value
		}
	}
	return value{}
}
