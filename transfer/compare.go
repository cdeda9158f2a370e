package transfer

import (
	"bytes"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// MaxPaths is how many paths a Discrepancy has at most.
const MaxPaths = 100

// Discrepancy tells where two documents differ.
type Discrepancy struct {
	// Paths have values that differ, or are in one document only; the first
	// MaxPaths of them, in the order of the first document and then of the second.
	Paths []string
	// Order tells that somewhere keys that both have stand in another order.
	Order bool
}

// Compare tells whether two documents are the same, byte for byte, and if not where
// they differ. Documents and arrays that both have are compared by what they hold.
// The documents must be valid BSON.
func Compare(a, b bson.Raw) (d Discrepancy, same bool) {
	if bytes.Equal(a, b) {
		return d, true
	}
	d.compare(nil, bsoncore.Document(a), bsoncore.Document(b))
	return d, false
}

// compare compares two documents, or arrays, that stand at a path. A key that
// stands several times in a document is taken each time for itself.
func (d *Discrepancy) compare(at []string, a, b bsoncore.Document) {
	elements, others := elementsOf(a), elementsOf(b)
	places := map[string][]int{} // in b
	for i, other := range others {
		places[other.Key()] = append(places[other.Key()], i)
	}
	last := -1 // the place in b of the key before
	for _, element := range elements {
		key := element.Key()
		path := append(at, key)
		if len(places[key]) == 0 {
			d.add(path)
			continue
		}
		place := places[key][0]
		places[key] = places[key][1:]
		d.Order = d.Order || place < last
		last = max(last, place)
		d.compareValues(path, element.Value(), others[place].Value())
	}
	for i, other := range others {
		if left := places[other.Key()]; len(left) > 0 && left[0] == i {
			places[other.Key()] = left[1:]
			d.add(append(at, other.Key()))
		}
	}
}

func (d *Discrepancy) compareValues(path []string, a, b bsoncore.Value) {
	switch {
	case a.Type == b.Type && bytes.Equal(a.Data, b.Data):
	case a.Type == b.Type && (a.Type == bsoncore.TypeEmbeddedDocument || a.Type == bsoncore.TypeArray):
		d.compare(path, a.Data, b.Data)
	default:
		d.add(path)
	}
}

func (d *Discrepancy) add(path []string) {
	if len(d.Paths) < MaxPaths {
		d.Paths = append(d.Paths, strings.Join(path, "."))
	}
}

// elementsOf returns a document's elements.
func elementsOf(doc bsoncore.Document) []bsoncore.Element {
	elements, _ := doc.Elements() // a store has none that are broken
	return elements
}
