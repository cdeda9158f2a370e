package sqlite

import (
	"bytes"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// stretch is a part of an index that one statement walks: the entries whose value
// is null, or one value, or lies between two, and of which the records were
// inserted after one and up to another.
type stretch struct {
	kind      stretchKind
	low, high value
	after     int64 // exclusive
	upTo      int64 // inclusive
}

type stretchKind uint8

const (
	allRecords stretchKind = iota // the table itself, in the order of insertion
	nulls
	onePoint // low
	between  // from low on, below high; where they are open, without an end
)

// value is an end of a stretch: an integer, a text or the bytes of a key.
type value struct {
	open   bool
	beyond bool // the end lies just above the value
	number int64
	bytes  []byte
}

// shape is what the statement for a stretch depends on.
type shape struct {
	kind                                     stretchKind
	lowOpen, lowBeyond, highOpen, highBeyond bool
}

func (s stretch) shape() shape {
	return shape{s.kind, s.low.open, s.low.beyond, s.high.open, s.high.beyond}
}

// ends are the values that a statement for the stretch needs.
func (s stretch) ends() []value {
	switch {
	case s.kind == onePoint || s.kind == between && s.high.open && !s.low.open:
		return []value{s.low}
	case s.kind == between && !s.low.open && !s.high.open:
		return []value{s.low, s.high}
	case s.kind == between && !s.high.open:
		return []value{s.high}
	}
	return nil
}

// rest returns what is left of a stretch behind a record, which was the last to
// be read: first what has the same value, then what lies beyond.
func (s stretch) rest(at value, seq int64, reverse bool) []stretch {
	same := stretch{kind: s.kind, low: s.low, after: seq, upTo: s.upTo}
	if reverse {
		same.after, same.upTo = s.after, seq-1
	}
	if s.kind != between {
		return []stretch{same}
	}
	same.kind, same.low = onePoint, at
	if reverse {
		s.high = at
	} else {
		s.low = value{number: at.number, bytes: at.bytes, beyond: true}
	}
	return []stretch{same, s}
}

// isWhole tells whether there is one value only from low on and below high.
func (low value) isWhole(high value) bool {
	switch {
	case low.open || low.beyond || high.open:
		return false
	case high.beyond:
		return low.number == high.number && bytes.Equal(low.bytes, high.bytes)
	}
	return low.bytes == nil && high.bytes == nil && low.number+1 == high.number
}

var (
	nullKey = query.AppendKey(nil, bson.RawValue{Type: bson.TypeNull})
	// The classes of a key, by which it begins.
	textClass = query.AppendKey(nil, bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(nil, "")})[0]
	timeClass = query.AppendKey(nil, bson.RawValue{Type: bson.TypeDateTime, Value: make([]byte, 8)})[0]
)

// keyStretches returns the ranges as stretches of an index on whole keys.
func keyStretches(ranges []query.Range) []stretch {
	list := make([]stretch, len(ranges))
	for i, r := range ranges {
		list[i] = stretch{
			kind: between,
			low:  value{open: len(r.Low) == 0, bytes: r.Low},
			high: value{open: r.High == nil, bytes: r.High},
		}
	}
	return list
}

// stretchesOf returns the parts of a column that ranges of the planner's keys
// mean, in the order of the ranges. A column holds nulls and one class of values:
// ranges of others have no part in it.
func stretchesOf(kind columnKind, ranges []query.Range) []stretch {
	list := make([]stretch, 0, len(ranges))
	for _, r := range ranges {
		if contains(r, nullKey) {
			list = append(list, stretch{kind: nulls})
		}
		if s, ok := valuesIn(kind, r); ok {
			list = append(list, s)
		}
	}
	return list
}

func contains(r query.Range, key []byte) bool {
	return bytes.Compare(r.Low, key) <= 0 && (r.High == nil || bytes.Compare(key, r.High) < 0)
}

// valuesIn returns the part of a range that lies in the column's class.
func valuesIn(kind columnKind, r query.Range) (stretch, bool) {
	class, valueOf := textClass, textAt
	if kind == timeColumn {
		class, valueOf = timeClass, timeAt
	}
	s := stretch{kind: between, low: value{open: true}, high: value{open: true}}
	if r.High != nil && bytes.Compare(r.High, []byte{class}) <= 0 || bytes.Compare(r.Low, []byte{class + 1}) >= 0 {
		return s, false
	}
	if len(r.Low) > 1 && r.Low[0] == class {
		s.low = valueOf(r.Low[1:])
	}
	if len(r.High) > 1 && r.High[0] == class {
		s.high = valueOf(r.High[1:])
	}
	if s.low.isWhole(s.high) {
		s = stretch{kind: onePoint, low: s.low}
	}
	return s, true
}

// textAt returns the end that bytes mean among the keys of texts: in a key a NUL
// is written as 0 255, and 0 1 ends it.
func textAt(key []byte) value {
	text := make([]byte, 0, len(key))
	for i := 0; i < len(key); i++ {
		if key[i] != 0 {
			text = append(text, key[i])
			continue
		}
		rest := key[i+1:]
		if len(rest) > 0 && rest[0] == 255 {
			text = append(text, 0)
			i++
			continue
		}
		return value{bytes: text, beyond: bytes.Compare(rest, []byte{1}) > 0}
	}
	return value{bytes: text}
}

// timeAt returns the end that bytes mean among the keys of dates: eight bytes,
// the highest bit inverted. What is missing at the end are zeros.
func timeAt(key []byte) value {
	var whole [8]byte
	copy(whole[:], key)
	return value{number: int64(binary.BigEndian.Uint64(whole[:]) ^ 1<<63), beyond: len(key) > len(whole)}
}
