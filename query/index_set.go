package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// IndexSet is several indexes, whose keys are taken from a document in one walk
// over it. It is immutable and safe for use by many goroutines.
type IndexSet struct {
	indexes []*Index
	heads   []string // the keys with which the indexes' first paths begin, each once
	headOf  []int    // of each index
}

// NewIndexSet returns the set of some indexes.
func NewIndexSet(indexes []*Index) *IndexSet {
	s := &IndexSet{indexes: indexes, headOf: make([]int, len(indexes))}
	for i, x := range indexes {
		head := x.paths[0].parts[0]
		s.headOf[i] = s.head([]byte(head))
		if s.headOf[i] < 0 {
			s.headOf[i] = len(s.heads)
			s.heads = append(s.heads, head)
		}
	}
	return s
}

func (s *IndexSet) head(key []byte) int {
	return slices.IndexFunc(s.heads, func(head string) bool { return head == string(key) })
}

// Keys returns the keys of doc in each of the indexes, as Index.Keys does.
func (s *IndexSet) Keys(doc bson.Raw) ([]Keys, error) {
	keys := make([]Keys, len(s.indexes))
	lists := make([][]byte, len(s.indexes))
	buffer := make([]byte, 0, 32*len(s.indexes))
	heads := s.values(doc)
	for i, x := range s.indexes {
		v, plain := x.plainValue(heads[s.headOf[i]])
		if !plain {
			var err error
			if keys[i], err = x.Keys(doc); err != nil {
				return nil, err
			}
			continue
		}
		in, err := x.selects(doc)
		if err != nil {
			return nil, err
		}
		if in {
			start := len(buffer)
			buffer = x.appendKey(buffer, []value{v}, &keys[i].Cut)
			lists[i] = buffer[start:len(buffer):len(buffer)]
			keys[i].List = lists[i : i+1 : i+1]
		}
	}
	return keys, nil
}

// values returns what doc has under each of the heads.
func (s *IndexSet) values(doc []byte) []value {
	values := make([]value, len(s.heads))
	left := len(s.heads)
	for it := elementsOf(doc); left > 0 && it.next(); {
		if i := s.head(it.key); i >= 0 && values[i].missing() {
			values[i] = it.value
			left--
		}
	}
	return values
}
