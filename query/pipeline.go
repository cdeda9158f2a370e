package query

import (
	"context"
	"iter"

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

	stages []stage // those that are left to do
}

// maxHeld is how many bytes a stage may hold, as in MongoDB.
const maxHeld = 100 << 20

// stage is one step of a pipeline.
type stage interface {
	run(ctx context.Context, docs iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error]
}

// ParsePipeline checks a pipeline whole and returns it. let may be nil. What is wrong,
// or not emulated, is refused with an *Error. The Pipeline keeps copies.
func ParsePipeline(stages []bson.Raw, let *Let) (*Pipeline, error) { panic("under construction") }

// Projection is what the pipeline wants to see of a document that the store found:
// all of it, or some of its keys. Nothing else has any influence on Run.
func (p *Pipeline) Projection() *Projection { panic("under construction") }

// Run carries out what the store has left to do, on the documents that it found in
// answer to Filter, Sort, Skip and Limit. Documents are not changed. It ends with the
// first error, of docs, of ctx, or an *Error: of an expression that does not suit a
// document, or, with the code CodeMemoryLimit, of stages that would hold more than
// 100 MiB at once.
func (p *Pipeline) Run(ctx context.Context, docs iter.Seq2[bson.Raw, error]) iter.Seq2[bson.Raw, error] {
	panic("under construction")
}

// OnlyCounts tells whether the pipeline asks of the documents that the store finds
// only how many they are, so that it need not read them: then RunCounted is Run.
func (p *Pipeline) OnlyCounts() bool { panic("under construction") }

// RunCounted is Run for a pipeline that OnlyCounts, where the store found n documents.
func (p *Pipeline) RunCounted(ctx context.Context, n int64) iter.Seq2[bson.Raw, error] {
	panic("under construction")
}
