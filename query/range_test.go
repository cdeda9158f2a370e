package query

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// smallKeys are all keys of up to three bytes out of a few; ranges end at them, or
// at their successors.
var smallKeys = func() (keys [][]byte) {
	keys = [][]byte{{}}
	for start, length := 0, 0; length < 3; length++ {
		end := len(keys)
		for _, key := range keys[start:end] {
			for _, b := range []byte{1, 2, 0xfe, 0xff} {
				keys = append(keys, append(bytes.Clone(key), b))
			}
		}
		start = end
	}
	return keys
}()

// universe are the keys that ranges are tried on: all that one may begin with.
var universe = func() (keys [][]byte) {
	for _, key := range smallKeys {
		keys = append(keys, key)
		if next := successor(key); next != nil {
			keys = append(keys, next)
		}
	}
	return keys
}()

func smallKey(t *rapid.T) []byte { return rapid.SampledFrom(smallKeys).Draw(t, "key") }

func smallRange(t *rapid.T) Range {
	r := Range{Low: smallKey(t), High: smallKey(t)}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		r.High = nil
	case 1:
		return beginningWith(r.Low)
	}
	return r
}

func smallSet(t *rapid.T) ranges {
	return normalized(rapid.SliceOfN(rapid.Custom(smallRange), 0, 4).Draw(t, "set"))
}

func (r Range) has(key []byte) bool {
	return bytes.Compare(r.Low, key) <= 0 && (r.High == nil || bytes.Compare(key, r.High) < 0)
}

func (set ranges) has(key []byte) bool {
	return slices.ContainsFunc(set, func(r Range) bool { return r.has(key) })
}

// requireSet checks what is always true of a set.
func requireSet(t *rapid.T, set ranges) {
	for i, r := range set {
		require.False(t, r.empty(), "%x", set)
		if i > 0 {
			require.False(t, overlaps(set[i-1].High, r.Low), "%x", set)
		}
	}
}

// often multiplies rapid's number of checks.
func often(t *testing.T, property func(*rapid.T)) {
	t.Parallel()
	for range 100 {
		rapid.Check(t, property)
	}
}

func TestSetsOfKeys(t *testing.T) {
	often(t, func(t *rapid.T) {
		a, b := smallSet(t), smallSet(t)
		both, rest := a.intersect(b), a.complement()
		requireSet(t, a)
		requireSet(t, both)
		requireSet(t, rest)
		within := true
		for _, key := range universe {
			require.Equal(t, a.has(key) && b.has(key), both.has(key), "%x in %x and %x", key, a, b)
			require.Equal(t, !a.has(key), rest.has(key), "%x not in %x", key, a)
			within = within && (!a.has(key) || b.has(key))
		}
		require.Equal(t, within, a.within(b), "%x within %x", a, b)
	})
}

func TestWholeAndEmptySets(t *testing.T) {
	require.True(t, allKeys.whole())
	require.Empty(t, allKeys.complement())
	require.True(t, ranges(nil).complement().whole())
	require.True(t, ranges(nil).within(nil))
	require.False(t, ranges(nil).whole())
	require.True(t, ranges(nil).points())
	require.False(t, allKeys.points())
}

func TestSetsAreOfTheirRanges(t *testing.T) {
	often(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(smallRange), 0, 5).Draw(t, "list")
		set := normalized(slices.Clone(list))
		requireSet(t, set)
		for _, key := range universe {
			require.Equal(t, ranges(list).has(key), set.has(key), "%x in %x", key, list)
		}
	})
}

func TestSuccessorsAreNext(t *testing.T) {
	for _, key := range smallKeys {
		next := successor(key)
		require.True(t, isSuccessor(next, key))
		for _, other := range smallKeys {
			above := bytes.Compare(other, key) > 0 && !bytes.HasPrefix(other, key)
			require.Equal(t, above, next != nil && bytes.Compare(other, next) >= 0, "%x, %x", key, other)
			require.Equal(t, bytes.Equal(next, other) && next != nil, isSuccessor(other, key) && next != nil, "%x, %x", key, other)
		}
	}
	require.Nil(t, successor(nil))
	require.Nil(t, successor([]byte{0xff, 0xff}))
}

// TestInvertedSets turns sets around that end at keys of which none is the
// beginning of another, as those of one path are.
func TestInvertedSets(t *testing.T) {
	var keys [][]byte
	for _, v := range []value{
		{kind: null.kind}, undefined, int64Value(1), int64Value(2), doubleNaN, int64Value(-1 << 60), int64Value(1<<60 + 1), doubleValue(0.5),
	} {
		keys = append(keys, appendKey(nil, v))
	}
	for _, text := range []string{"\x08", "\x08\x00", "\x08\xff", "\x09", "\x08\xfe\xff"} {
		keys = append(keys, appendTextKey([]byte{classString.keyByte()}, []byte(text)))
	}
	end := rapid.Custom(func(t *rapid.T) []byte {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		switch rapid.IntRange(0, 2).Draw(t, "end") {
		case 0:
			return key[:1] // a class
		case 1:
			return successor(key)
		}
		return key
	})
	often(t, func(t *rapid.T) {
		var list []Range
		for range rapid.IntRange(0, 3).Draw(t, "ranges") {
			list = append(list, Range{end.Draw(t, "low"), end.Draw(t, "high")})
		}
		set := normalized(list)
		down := set.inverted()
		requireSet(t, down)
		for _, key := range keys {
			for _, behind := range [][]byte{nil, {0}, {1, 0xff}, {0xff}} {
				inverted := append(inverse(key), behind...)
				require.Equal(t, set.has(append(bytes.Clone(key), behind...)), down.has(inverted), "%x in %x", key, set)
			}
		}
		for i, r := range set {
			if r.point() && len(down) == len(set) {
				require.Equal(t, beginningWith(inverse(r.Low)), down[len(down)-1-i], "a point's keys stay whole")
			}
		}
	})
}

func TestPointsAreWholeKeys(t *testing.T) {
	key := appendKey(nil, int64Value(1))
	tests := map[string]struct {
		r    Range
		want bool
	}{
		"a key":                      {beginningWith(key), true},
		"a part of one":              {beginningWith(key[:5]), false},
		"a class":                    {classKeys(classString), false},
		"a class without values":     {pointOf(null), true},
		"two keys":                   {beginningWith(append(bytes.Clone(key), key...)), false},
		"from a key on":              {Range{Low: key}, false},
		"up to a key":                {Range{High: successor(key)}, false},
		"a key that ends in 255":     {pointOf(value{0x07, bytes.Repeat([]byte{0xff}, 12)}), true},
		"a key longer than is kept":  {pointOf(value{0x02, append(append([]byte{0, 8, 0, 0}, bytes.Repeat([]byte{'x'}, 2047)...), 0)}), false},
		"as long as is kept, not to": {Range{key, append(bytes.Clone(key), 1)}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, test.want, test.r.point()) })
	}
}
