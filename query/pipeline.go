package query

import (
	"context"
	"iter"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Pipeline is a parsed aggregation pipeline. What a store answers by itself, by its
// indexes, is told by the fields: the documents that Filter selects, ordered by
// Sort, without the first Skip, and at most Limit of them. What then is to be done
// with these does Run. It is immutable and safe for use by many goroutines.
type Pipeline struct {
	Filter *Filter // {} if there is none
	Sort   *Sort   // empty if there is none
	Skip   int64
	Limit  int64 // 0 is no limit

	projection *Projection
	stages     []stage // those that are left to do
}

// maxHeld is how many bytes a stage may hold, as in MongoDB.
const maxHeld = 100 << 20

// stage is one step of a pipeline.
type stage interface {
	run(ctx context.Context, docs documents) documents
	// asks notes the keys of documents on which depends what the stage does. It tells
	// whether it closes them: the stages after it see none of the others.
	asks(h *heads) (closes bool)
}

// counter is a stage that may ask only how many documents there are.
type counter interface {
	counts() bool
	counted(n int64) bson.Raw
}

// newPipeline takes from the stages what a store can do.
func newPipeline(stages []stage) (*Pipeline, error) {
	p := &Pipeline{Sort: &Sort{source: emptyDocument}}
	var filters []*Filter
	for len(stages) > 0 && p.take(stages[0], &filters) {
		stages = stages[1:]
	}
	p.stages = stages
	var err error
	if p.Filter, err = allOf(filters); err != nil {
		return nil, err
	}
	var h heads
	askAll(&h, stages)
	p.projection, err = ParseProjection(h.projection())
	return p, err
}

// take tells whether a store can do the next stage as well, and notes it.
func (p *Pipeline) take(next stage, filters *[]*Filter) bool {
	bounded := p.Skip > 0 || p.Limit > 0
	switch next := next.(type) {
	case matchingStage:
		if bounded {
			return false
		}
		*filters = append(*filters, next.filter)
	case sorting:
		if bounded || !p.Sort.Empty() {
			return false
		}
		p.Sort = next.sort
	case skipping:
		return p.skip(next.n)
	case limiting:
		if p.Limit == 0 || next.n < p.Limit {
			p.Limit = next.n
		}
	default:
		return false
	}
	return true
}

// skip leaves out n documents more, of those within the limit.
func (p *Pipeline) skip(n int64) bool {
	total, fits := addIntegers(p.Skip, n)
	if n == 0 {
		return true
	}
	if !fits || p.Limit > 0 && n >= p.Limit {
		return false
	}
	p.Skip = total
	if p.Limit > 0 {
		p.Limit -= n
	}
	return true
}

// allOf is the filter that selects what all of several do.
func allOf(filters []*Filter) (*Filter, error) {
	switch len(filters) {
	case 0:
		return ParseMongoFilter(emptyDocument)
	case 1:
		return filters[0], nil
	}
	branches := make([]value, len(filters))
	for i, filter := range filters {
		branches[i] = documentValue(filter.source)
	}
	return ParseMongoFilter(documentOf("$and", arrayOf(branches)).data)
}

// askAll notes what stages ask about the documents that come to the first.
func askAll(h *heads, stages []stage) {
	for _, stage := range stages {
		if stage.asks(h) {
			return
		}
	}
	h.whole = true
}

// projection shows the keys, or all if one of them is none that a projection can
// name.
func (h *heads) projection() bson.Raw {
	if h.whole {
		return emptyDocument
	}
	start, doc := reserve(0)
	for _, key := range slices.Sorted(maps.Keys(h.keys)) {
		if checkFieldPath(key, nil) != nil {
			return emptyDocument
		}
		doc = appendElement(doc, key, one)
	}
	if len(h.keys) == 0 {
		doc = appendElement(doc, "_id", one)
	} else if !h.keys["_id"] {
		doc = appendElement(doc, "_id", zero)
	}
	return closeDocument(doc, start)
}

// Projection is what the pipeline wants to see of a document that the store found:
// all of it, or some of its keys. Nothing else has any influence on Run.
func (p *Pipeline) Projection() *Projection { return p.projection }

// Run carries out what the store has left to do, on the documents that it found in
// answer to Filter, Sort, Skip and Limit, whole or as Projection shows them. These
// are not changed, and those that Run yields may share their bytes. It ends with the
// first error: of docs, of ctx, or an *Error, of an expression that does not suit a
// document, or, with the code CodeMemoryLimit or CodeExceededMemory, of a stage or an
// expression that would hold more than 100 MiB at once, or, with CodeMaxTimeExpired,
// of expressions that take longer than ten seconds for one document.
func (p *Pipeline) Run(ctx context.Context, docs iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error] {
	return chain(ctx, p.stages, docs)
}

// chain lets documents pass through stages.
func chain(ctx context.Context, stages []stage, docs documents) documents {
	docs = until(ctx, docs)
	for _, stage := range stages {
		docs = until(ctx, stage.run(ctx, docs))
	}
	return docs
}

// until are documents until the context ends.
func until(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			if err == nil {
				err = ctx.Err()
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// OnlyCounts tells whether the pipeline asks of the documents that the store finds
// only how many they are, so that it need not read them: then RunCounted is Run.
func (p *Pipeline) OnlyCounts() bool {
	if len(p.stages) == 0 {
		return false
	}
	first, ok := p.stages[0].(counter)
	return ok && first.counts()
}

// RunCounted is Run for a pipeline that OnlyCounts, where the store found n documents.
func (p *Pipeline) RunCounted(ctx context.Context, n int64) iter.Seq2[bson.Raw, error] {
	var counted []bson.Raw
	if n > 0 {
		counted = append(counted, p.stages[0].(counter).counted(n))
	}
	return chain(ctx, p.stages[1:], each(counted))
}
