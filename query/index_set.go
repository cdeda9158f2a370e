package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// IndexSet is several indexes, whose keys are taken from a document in one walk
// over it. It is immutable and safe for use by many goroutines.
type IndexSet struct {
	indexes []*Index
	heads   []string // the top-level keys that the indexes ask about, each once
	headOf  []int    // the head of each index's first path
	headsOf [][]int  // all heads that each index asks about
	places  []int    // of all indexes
}

// NewIndexSet returns the set of some indexes.
func NewIndexSet(indexes []*Index) *IndexSet {
	s := &IndexSet{indexes: indexes, headOf: make([]int, len(indexes)), headsOf: make([][]int, len(indexes))}
	for i, x := range indexes {
		s.places = append(s.places, i)
		for _, p := range x.paths {
			s.headsOf[i] = append(s.headsOf[i], s.addHead(p.parts[0]))
		}
		s.headOf[i] = s.headsOf[i][0]
		if x.Partial != nil {
			anyHead(x.Partial.root, func(head string) bool {
				s.headsOf[i] = append(s.headsOf[i], s.addHead(head))
				return false
			})
		}
	}
	return s
}

// addHead returns the place of a head, which it adds if it is new.
func (s *IndexSet) addHead(key string) int {
	if at := s.head([]byte(key)); at >= 0 {
		return at
	}
	s.heads = append(s.heads, key)
	return len(s.heads) - 1
}

func (s *IndexSet) head(key []byte) int {
	return slices.IndexFunc(s.heads, func(head string) bool { return head == string(key) })
}

// KeyRoom is memory for the keys of documents, one after another. The zero value is
// ready for use, by one goroutine at a time.
type KeyRoom struct {
	keys  []Keys
	lists [][]byte
	bytes []byte
}

// DifferenceRoom is memory for what two documents differ by, see KeyRoom.
type DifferenceRoom struct {
	places []int
	a, b   KeyRoom
}

// Keys returns the keys of doc in each of the indexes, as Index.Keys does. They are
// valid until the room is used again.
func (s *IndexSet) Keys(room *KeyRoom, doc bson.Raw) ([]Keys, error) {
	var heads [roomForHeads]value
	return s.keys(room, doc, s.values(doc, heads[:0]), s.places)
}

// Differences returns the places of the indexes in which two documents may have
// different keys, and their keys in each of these: in the others they have equal
// values for all that is asked about. All are valid until the room is used again.
func (s *IndexSet) Differences(room *DifferenceRoom, a, b bson.Raw) (places []int, keysA, keysB []Keys, err error) {
	var headsA, headsB [roomForHeads]value
	valuesA, valuesB := s.values(a, headsA[:0]), s.values(b, headsB[:0])
	differ := func(i int) bool {
		return slices.ContainsFunc(s.headsOf[i], func(head int) bool { return !valuesA[head].same(valuesB[head]) })
	}
	places = room.places[:0]
	for i := range s.indexes {
		if differ(i) {
			places = append(places, i)
		}
	}
	room.places = places
	if len(places) == 0 {
		return nil, nil, nil, nil
	}
	if keysA, err = s.keys(&room.a, a, valuesA, places); err == nil {
		keysB, err = s.keys(&room.b, b, valuesB, places)
	}
	return places, keysA, keysB, err
}

// keys returns the keys of doc, which has some values under the heads, in each of
// the indexes at some places.
func (s *IndexSet) keys(room *KeyRoom, doc bson.Raw, heads []value, places []int) ([]Keys, error) {
	room.reset(len(places))
	for i, place := range places {
		x := s.indexes[place]
		v, plain := x.plainValue(heads[s.headOf[place]])
		if !plain {
			var err error
			if room.keys[i], err = x.Keys(doc); err != nil {
				return nil, err
			}
			continue
		}
		in, err := x.selects(doc)
		if err != nil {
			return nil, err
		}
		if in {
			start := len(room.bytes)
			room.bytes = x.appendKey(room.bytes, []value{v}, &room.keys[i].Cut)
			room.lists[i] = room.bytes[start:len(room.bytes):len(room.bytes)]
			room.keys[i].List = room.lists[i : i+1 : i+1]
		}
	}
	return room.keys, nil
}

// reset makes room for the keys in so many indexes, and lets those go that were in it.
func (r *KeyRoom) reset(indexes int) {
	clear(r.keys)
	r.keys, r.lists = slices.Grow(r.keys[:0], indexes)[:indexes], slices.Grow(r.lists[:0], indexes)[:indexes]
	r.bytes = r.bytes[:0]
}

// roomForHeads is of how many heads the values need no allocation.
const roomForHeads = 16

// values returns what doc has under each of the heads, in dst if that has the room.
func (s *IndexSet) values(doc []byte, dst []value) []value {
	values := slices.Grow(dst, len(s.heads))[:len(s.heads)]
	left := len(s.heads)
	for it := elementsOf(doc); left > 0 && it.next(); {
		if i := s.head(it.key); i >= 0 && values[i].missing() {
			values[i] = it.value
			left--
		}
	}
	return values
}
