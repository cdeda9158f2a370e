package query

import (
	"bytes"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxDocument is how many bytes an updated document may have, as in MongoDB,
// unless WithMaxSize says otherwise.
const maxDocument = 16 << 20

// Update is a parsed update: operators that change a document, a document that
// takes its place, or a pipeline that makes another of it. It is immutable and safe for use by many goroutines.
type Update struct {
	source       bson.Raw
	arrayFilters []bson.Raw
	filters      map[string]node  // of arrayFilters, by identifier
	root         *updateNode      // what the operators change; nil for others
	pipeline     []transformation // not nil if the update is one
	deep         bool             // what Apply makes may nest too deep
	max          int              // bytes that a document may have
}

// WithMaxSize returns the same update for documents of at most so many bytes. A
// store that keeps parts of a document elsewhere bounds the rest by itself.
func (u *Update) WithMaxSize(bytes int) *Update {
	larger := *u
	larger.max = bytes
	return &larger
}

// Source returns the update as it was parsed. The caller must not change it.
func (u *Update) Source() bson.Raw { return u.source }

// ArrayFilters returns the array filters as they were parsed. The caller must
// not change them.
func (u *Update) ArrayFilters() []bson.Raw { return u.arrayFilters }

// String returns the update as canonical extended JSON, without its array filters.
func (u *Update) String() string {
	if !u.IsPipeline() {
		return jsonOf(u.source)
	}
	var stages []string
	for _, stage := range u.Stages() {
		stages = append(stages, jsonOf(stage))
	}
	return "[" + strings.Join(stages, ",") + "]"
}

// IsReplacement tells whether the update is a document that takes the place of
// another, so that it may be applied to one document only.
func (u *Update) IsReplacement() bool { return u.root == nil && u.pipeline == nil }

// Apply returns what becomes of doc, a new document; doc itself is not changed.
// If the update changes nothing, modified is false and what is returned is doc.
// A replacement counts as a change unless it is doc byte for byte, as in MongoDB.
//
// filter is the one that selected doc: it tells which array element the
// positional $ stands for. It may be nil if there is none. now is the time for
// $currentDate, for $$NOW, and for the zero timestamps of a replacement.
//
// Keys keep their places; new ones are added at the end, indexes by their value
// before other names in the order of their bytes. _id comes first. The document
// must have its _id, which an update may set to an equal value only.
//
// Apply fails with an *Error if the update does not suit the document, or what
// becomes of it is larger than 16 MiB (see WithMaxSize) or nests deeper than MaxDepth; or if it
// takes longer than a second (CodeMaxTimeExpired), or a regular expression ran out of its budget.
func (u *Update) Apply(doc bson.Raw, filter *Filter, now time.Time) (changed bson.Raw, modified bool, err error) {
	return u.ApplyIn(nil, doc, filter, now)
}

// ApplyIn is Apply for a caller who has room for what becomes of the document: that
// may be there then, or in memory of its own.
func (u *Update) ApplyIn(room []byte, doc bson.Raw, filter *Filter, now time.Time) (changed bson.Raw, modified bool, err error) {
	switch {
	case u.IsReplacement():
		return u.replace(doc, now)
	case u.IsPipeline():
		return u.applyPipeline(doc, now)
	}
	e := newEdit(u, doc, now)
	e.filter = filter
	changed, modified, err = e.run(room)
	if err != nil {
		return nil, false, err
	}
	if !modified {
		return doc, false, nil
	}
	changed = idFirst(changed)
	if err := u.checkLimits(changed); err != nil {
		return nil, false, err
	}
	return changed, true, nil
}

// replace is Apply for a replacement. It keeps the document's _id.
func (u *Update) replace(doc []byte, now time.Time) (bson.Raw, bool, error) {
	if bytes.Equal(doc, u.source) {
		return doc, false, nil
	}
	id := lookup(doc, "_id")
	changed, err := u.replacement(id, now)
	if err != nil {
		return nil, false, err
	}
	if err := checkKeys(changed); err != nil {
		return nil, false, err
	}
	if err := u.checkLimits(changed); err != nil {
		return nil, false, err
	}
	return changed, true, nil
}

// replacement is the update's document with an _id in front: the one that is
// given, if it is not missing, or else its own.
func (u *Update) replacement(id value, now time.Time) ([]byte, error) {
	own := lookup(u.source, "_id")
	if own.missing() {
		own = id
	}
	if !id.missing() && compare(id, own) != 0 {
		return nil, trail{"_id"}.fail(CodeImmutableField,
			"After applying the update, the (immutable) field '_id' was found to have been altered to %s", describe("_id", own))
	}
	start, dst := reserve(len(u.source) + len(own.data))
	if !own.missing() {
		dst = appendElement(dst, "_id", own)
	}
	for it := elementsOf(u.source); it.next(); {
		key, v := string(it.key), it.value
		switch {
		case key == "_id":
			continue
		case v.kind == bson.TypeTimestamp && v.uint64() == 0:
			v = timestampValue(now)
		}
		dst = appendElement(dst, key, v)
	}
	return closeDocument(dst, start), nil
}

// checkLimits checks the size of an updated document, and how deep it nests.
func (u *Update) checkLimits(doc []byte) error {
	if len(doc) > u.max {
		return u.tooLarge(false)
	}
	if u.deep {
		return Validate(doc)
	}
	return nil
}

func (u *Update) tooLarge(insert bool) *Error {
	if insert {
		return failure(CodeUpsertTooLarge, "Document to upsert is larger than %d", u.max)
	}
	return failure(CodeUpdateTooLarge, "Resulting document after update is larger than %d", u.max)
}

// idFirst returns doc with its _id, if it has one, in front.
func idFirst(doc []byte) []byte {
	it := elementsOf(doc)
	if !it.next() || string(it.key) == "_id" {
		return doc
	}
	id := lookup(doc, "_id")
	if id.missing() {
		return doc
	}
	start, dst := reserve(len(doc))
	dst = appendElement(dst, "_id", id)
	for it := elementsOf(doc); it.next(); {
		if string(it.key) != "_id" {
			dst = appendElement(dst, string(it.key), it.value)
		}
	}
	return closeDocument(dst, start)
}

// checkKeys refuses keys of a document that begin with a dollar.
func checkKeys(doc []byte) error {
	for it := elementsOf(doc); it.next(); {
		if key := string(it.key); strings.HasPrefix(key, "$") {
			return dollarPrefixed(key, key).below(it.key)
		}
	}
	return nil
}

func dollarPrefixed(key, path string) *Error {
	return failure(CodeDollarPrefixedField, "The dollar ($) prefixed field '%s' in '%s' is not allowed in the context of an "+
		"update's replacement document. Consider using an aggregation pipeline with $replaceWith.", key, path)
}
