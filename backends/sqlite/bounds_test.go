package sqlite

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

func textKey(text []byte) []byte {
	return query.AppendKey(nil, bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(nil, string(text))})
}

func timeKey(at int64) []byte {
	return query.AppendKey(nil, bson.RawValue{Type: bson.TypeDateTime, Value: bsoncore.AppendDateTime(nil, at)})
}

// drawEnd draws the end of a range: a key, a part of one, the next after it, or
// any bytes.
func drawEnd(t *rapid.T, key *rapid.Generator[[]byte], label string) []byte {
	end := slices.Clone(key.Draw(t, label))
	switch rapid.IntRange(0, 4).Draw(t, label+" made of it") {
	case 1:
		end = end[:rapid.IntRange(0, len(end)).Draw(t, label+" length")]
	case 2:
		for len(end) > 0 && end[len(end)-1] == 0xff {
			end = end[:len(end)-1]
		}
		if len(end) > 0 {
			end[len(end)-1]++
		}
	case 3:
		end = append(end, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, label+" more")...)
	}
	return end
}

// within tells whether SQL's comparisons find a value in a stretch.
func (s stretch) within(compare func(end value) int) bool {
	switch s.kind {
	case onePoint:
		return compare(s.low) == 0
	case between:
		low := s.low.open || compare(s.low) > 0 || compare(s.low) == 0 && !s.low.beyond
		high := s.high.open || compare(s.high) < 0 || compare(s.high) == 0 && s.high.beyond
		return low && high
	}
	return false
}

// A value of a column lies in the stretches of a range exactly if its key lies in
// the range.
func TestStretchesAreTheRange(t *testing.T) {
	alphabet := rapid.SampledFrom([]byte{0, 1, 2, 'a', 'b', 0xc3, 0xfe, 0xff})
	text := rapid.SliceOfN(alphabet, 0, 5)
	instant := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-3, 3), rapid.SampledFrom([]int64{255, 256, 65535, -1 << 63, 1<<63 - 1}))
	classes := rapid.SampledFrom([][]byte{{}, {1}, nullKey, {textClass}, {textClass + 1}, {timeClass}, {timeClass + 1}, {255}})
	key := rapid.OneOf(rapid.Map(text, textKey), rapid.Map(instant, timeKey), classes)
	rapid.Check(t, func(t *rapid.T) {
		r := query.Range{Low: drawEnd(t, key, "low"), High: drawEnd(t, key, "high")}
		if rapid.Bool().Draw(t, "without end") {
			r.High = nil
		}
		if r.High != nil && bytes.Compare(r.Low, r.High) > 0 {
			r.Low, r.High = r.High, r.Low
		}
		in := func(kind columnKind, compare func(end value) int) bool {
			return slices.ContainsFunc(stretchesOf(kind, []query.Range{r}), func(s stretch) bool { return s.within(compare) })
		}
		word, at := text.Draw(t, "text"), instant.Draw(t, "instant")
		require.Equal(t, contains(r, textKey(word)), in(textColumn, func(end value) int { return bytes.Compare(word, end.bytes) }))
		require.Equal(t, contains(r, timeKey(at)), in(timeColumn, func(end value) int {
			switch {
			case at < end.number:
				return -1
			case at > end.number:
				return 1
			}
			return 0
		}))
		hasNulls := slices.ContainsFunc(stretchesOf(textColumn, []query.Range{r}), func(s stretch) bool { return s.kind == nulls })
		require.Equal(t, contains(r, nullKey), hasNulls)
	})
}

func TestAKeyIsOnePoint(t *testing.T) {
	for kind, key := range map[columnKind][]byte{textColumn: textKey([]byte("a\x00b")), timeColumn: timeKey(-1)} {
		next := slices.Clone(key)
		for next[len(next)-1] == 0xff {
			next = next[:len(next)-1]
		}
		next[len(next)-1]++
		stretches := stretchesOf(kind, []query.Range{{Low: key, High: next}})
		require.Len(t, stretches, 1)
		require.Equal(t, onePoint, stretches[0].kind)
	}
}
