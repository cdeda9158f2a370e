package query

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxSortKeys is how many keys MongoDB lets a sort have.
const maxSortKeys = 32

// Sort is a parsed sort: paths and directions. It is immutable and safe for use
// by many goroutines.
type Sort struct {
	source bson.Raw
	paths  []path
	down   []bool
}

var noSort = &Sort{source: emptyDocument}

// ParseSort checks a sort as the find command does. An empty one is no sort. The
// Sort keeps a copy of doc.
func ParseSort(doc bson.Raw) (*Sort, error) {
	if err := Validate(doc); err != nil {
		return nil, err
	}
	s := &Sort{source: bytes.Clone(doc)}
	if err := s.parse(); err != nil {
		return nil, err
	}
	return s, nil
}

// parse reports directions before paths, as MongoDB does (S3).
func (s *Sort) parse() *Error {
	for it := elementsOf(s.source); it.next(); {
		down, err := parseDirection(it.value, trail{string(it.key)})
		if err != nil {
			return err
		}
		s.down = append(s.down, down)
	}
	if len(s.down) > maxSortKeys {
		return failure(13103, "too many compound keys")
	}
	for it := elementsOf(s.source); it.next(); {
		key := string(it.key)
		if countParts(key) > maxPathParts {
			return trail{key}.fail(CodeOverflow, "FieldPath is too long")
		}
		if err := checkFieldPath(key, trail{key}); err != nil {
			return err
		}
		s.paths = append(s.paths, newPath(key))
	}
	return nil
}

// parseDirection is rule S3.
func parseDirection(v value, at trail) (down bool, err *Error) {
	if v.kind == bson.TypeEmbeddedDocument {
		return false, checkMeta(v.data, at)
	}
	if !v.isNumber() {
		return false, at.fail(15974, "Illegal key in $sort specification: %s: %s", at[0], v)
	}
	direction, ok := v.truncated()
	if v.kind == bson.TypeDecimal128 {
		direction, ok = roundedDecimal(v)
	}
	if !ok || direction != 1 && direction != -1 {
		return false, at.fail(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)")
	}
	return direction == -1, nil
}

// roundedDecimal rounds to the nearest integer, halves to the even one.
func roundedDecimal(v value) (int64, bool) {
	n, ok := v.truncated()
	if !ok || n < -2 || n > 2 {
		return n, ok
	}
	for _, step := range []int64{-1, 1} {
		half := doubleValue(float64(n) + float64(step)/2)
		beyond := compareNumbers(v, half) * int(step)
		if beyond > 0 || beyond == 0 && n%2 != 0 {
			return n + step, true
		}
	}
	return n, true
}

// checkMeta refuses {$meta: …}: the scores that MongoDB can sort by come from
// operators that are not emulated.
func checkMeta(doc []byte, at trail) *Error {
	it := elementsOf(doc)
	switch {
	case !it.next() || string(it.key) != "$meta":
		return at.fail(17312, "$meta is the only expression supported by $sort right now")
	case it.next():
		return at.fail(CodeFailedToParse, "Cannot have additional keys in a $meta sort specification")
	}
	meta := lookup(doc, "$meta")
	if meta.kind == bson.TypeString {
		switch string(meta.text()) {
		case "randVal":
			return at.fail(CodeNotImplemented, "sorting by {$meta: \"randVal\"} is not implemented")
		case "textScore", "geoNearDistance", "searchScore", "searchHighlights", "vectorSearchScore", "score":
			return at.fail(40218, "query requires %s metadata, but it is not available", meta.text())
		}
	}
	return at.fail(31138, "Illegal $meta sort: %s", meta)
}

// Source returns the sort as it was parsed. The caller must not change it.
func (s *Sort) Source() bson.Raw { return s.source }

// Empty tells whether the sort asks for no order.
func (s *Sort) Empty() bool { return len(s.paths) == 0 }

// Len returns how many paths the sort has.
func (s *Sort) Len() int { return len(s.paths) }

// Head is the sort by the first n paths of s.
func (s *Sort) Head(n int) *Sort {
	return &Sort{source: s.source, paths: s.paths[:n], down: s.down[:n]}
}

// String returns the sort as canonical extended JSON.
func (s *Sort) String() string { return jsonOf(s.source) }

// AppendKey appends the sort's key of doc to dst: bytes whose order by
// bytes.Compare is the order that the sort asks for. It fails if two of the
// sort's paths lead through different arrays.
func (s *Sort) AppendKey(dst []byte, doc bson.Raw) ([]byte, error) {
	start := len(dst)
	err := eachKey(doc, s.paths, func(values []value) {
		end := len(dst)
		dst = s.appendCandidate(dst, values)
		switch {
		case end == start: // the first
		case bytes.Compare(dst[end:], dst[start:end]) < 0:
			dst = append(dst[:start], dst[end:]...)
		default:
			dst = dst[:end]
		}
	})
	return dst, err
}

// Values returns the values by which the sort places doc, one for each of its
// paths: where a path leads to several, the one that comes first. A missing value
// is null, and that of an empty array undefined. Values share doc's bytes. It fails
// as AppendKey does.
func (s *Sort) Values(doc bson.Raw) ([]bson.RawValue, error) {
	var first []byte
	placing := make([]bson.RawValue, len(s.paths))
	err := eachKey(doc, s.paths, func(values []value) {
		key := s.appendCandidate(nil, values)
		if first != nil && bytes.Compare(key, first) >= 0 {
			return
		}
		first = key
		for i, v := range values {
			placing[i] = bson.RawValue{Type: v.kind, Value: v.data}
		}
	})
	return placing, err
}

// KeyOf returns the key, as AppendKey makes it, of a document that has these Values.
func (s *Sort) KeyOf(placing []bson.RawValue) []byte {
	values := make([]value, len(placing))
	for i, v := range placing {
		values[i] = valueOf(v)
	}
	return s.appendCandidate(nil, values)
}

func (s *Sort) appendCandidate(dst []byte, values []value) []byte {
	for i, v := range values {
		start := len(dst)
		dst = appendKey(dst, v)
		if s.down[i] {
			invert(dst[start:])
		}
	}
	return dst
}
