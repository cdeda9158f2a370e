package query

import "go.mongodb.org/mongo-driver/v2/bson"

// exists is $exists: true; $exists: false is its negation.
type exists struct{ unwinding }

func (exists) rank() int { return rankExists }

func (exists) matches(v value, _ *question) (bool, error) { return !v.missing(), nil }

// size is $size.
type size struct {
	whole
	n int
}

func (*size) rank() int { return rankSize }

func (s *size) matches(v value, _ *question) (bool, error) {
	if v.kind != bson.TypeArray {
		return false, nil
	}
	n := 0
	for it := elementsOf(v.data); n <= s.n && it.next(); {
		n++
	}
	return n == s.n, nil
}

// elemMatchValue is $elemMatch with operators: all of them on one element,
// which is not unwound itself.
type elemMatchValue struct {
	whole
	condition node
}

func (*elemMatchValue) rank() int { return rankElemMatchValue }

func (e *elemMatchValue) matches(v value, q *question) (bool, error) {
	aside := q.aside()
	return anyElement(v, q, func(element value) (bool, error) {
		return e.condition.matchValue(element, aside)
	})
}

// elemMatchObject is $elemMatch with a filter, for elements that are documents.
// An array counts as the document of its indexes.
type elemMatchObject struct {
	whole
	condition node
}

func (*elemMatchObject) rank() int { return rankElemMatchObject }

func (e *elemMatchObject) matches(v value, q *question) (bool, error) {
	aside := q.aside()
	return anyElement(v, q, func(element value) (bool, error) {
		if element.kind != bson.TypeEmbeddedDocument && element.kind != bson.TypeArray {
			return false, nil
		}
		return e.condition.matchDocument(element.data, aside)
	})
}

func anyElement(array value, q *question, holds func(value) (bool, error)) (bool, error) {
	if array.kind != bson.TypeArray {
		return false, nil
	}
	it := elementsOf(array.data)
	for index := 0; it.next(); index++ {
		if err := q.spend(len(it.data)); err != nil {
			return false, err
		}
		if ok, err := holds(it.value); ok || err != nil {
			q.setIf(ok, index)
			return ok, err
		}
	}
	return false, nil
}
