package query

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Filter is a parsed filter: what MongoDB calls a query predicate. It is
// immutable and safe for use by many goroutines.
type Filter struct {
	source  bson.Raw // as the caller wrote it
	mongodb bson.Raw // in MongoDB's own operators
	root    node
	reach   int // see Reach
}

// ParseFilter checks a filter whole and returns it. Beside MongoDB's operators
// it takes those of IPython parallel: $ge (greater than), $le (less than), which
// its documentation lists beside $gte and $lte, and $glob (Python's fnmatch).
//
// A filter that is wrong, or asks what is not emulated, is refused with an
// *Error. The filter keeps a copy of doc. $$NOW in it is when it was parsed; the
// variables of a command are bound by Let.Filter before.
func ParseFilter(doc bson.Raw) (*Filter, error) {
	if err := Validate(doc); err != nil {
		return nil, err
	}
	source := bson.Raw(bytes.Clone(doc))
	root, err := filterParser{seed: true, allowance: newAllowance(evaluationTime)}.document(source, nil, 0)
	if err != nil {
		return nil, err
	}
	return &Filter{source: source, mongodb: translateSeed(source), root: root, reach: reachOf(root)}, nil
}

// ParseMongoFilter is ParseFilter for MongoDB's operators alone: those of
// IPython parallel are unknown to it.
func ParseMongoFilter(doc bson.Raw) (*Filter, error) {
	if err := Validate(doc); err != nil {
		return nil, err
	}
	source := bson.Raw(bytes.Clone(doc))
	root, err := filterParser{allowance: newAllowance(evaluationTime)}.document(source, nil, 0)
	if err != nil {
		return nil, err
	}
	return &Filter{source: source, mongodb: source, root: root, reach: reachOf(root)}, nil
}

// partOf is a filter of what others ask, without a Source.
func partOf(root node) *Filter { return &Filter{root: root, reach: reachOf(root)} }

// Match tells whether the filter selects doc. It does not allocate for filters of
// few comparisons. It fails if a regular expression ran out of its budget, or an
// expression of $expr does not suit doc, or the filter takes longer than a second for
// it, and so may its expressions (CodeMaxTimeExpired): then nothing is known about doc.
func (f *Filter) Match(doc bson.Raw) (bool, error) {
	return f.root.matchDocument(doc, f.question(doc))
}

// Source returns the filter as it was parsed. The caller must not change it.
func (f *Filter) Source() bson.Raw { return f.source }

// MongoDB returns the filter in MongoDB's own operators, to be sent to a
// server: $ge, $le and $glob are written as $gt, $lt and $regex there, and
// the rest is byte for byte what was parsed. The caller must not change it.
func (f *Filter) MongoDB() bson.Raw { return f.mongodb }

// String returns the filter as canonical extended JSON, which parses to the
// same filter.
func (f *Filter) String() string { return jsonOf(f.source) }

// MatchesAll tells whether the filter is {}, which selects every document.
func (f *Filter) MatchesAll() bool {
	root, ok := f.root.(*and)
	return ok && len(root.children) == 0
}
