package mongowire

import (
	"context"
	"iter"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var aggregateFields = []string{"pipeline", "cursor", "explain", "allowDiskUse", "bypassDocumentValidation", "hint", "let", "collation"}

// aggregate carries out the command of this name.
func aggregate(ctx context.Context, r *request) (bson.D, error) {
	f := r.read(aggregateFields...)
	db, asked, pipeline, err := r.pipeline(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.Flag("explain") {
		if r.user.Client != "" { // it counts what was looked at of all records
			return nil, r.unauthorized()
		}
		explanation, err := db.Explain(ctx, queryOf(pipeline))
		if err != nil {
			return nil, err
		}
		return explanationReply(db, queryOf(pipeline), explanation), nil
	}
	if !f.Has("cursor") {
		f.Refuse(query.CodeFailedToParse, "cursor", "The 'cursor' option is required, except for aggregate with the explain argument")
	}
	size := batchSize(f)
	if size == math.MaxInt64 {
		size = firstBatch
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return r.answer(ctx, db.Collection(), size, false, func(ctx context.Context) iter.Seq2[bson.Raw, error] {
		if asked != nil {
			return runOverStats(ctx, db, asked, pipeline)
		}
		return runPipeline(ctx, db, pipeline)
	})
}

// pipeline reads what an aggregate command asks for, and of which collection. With
// $collStats, whose operand is returned, it is of figures about the collection.
func (r *request) pipeline(ctx context.Context, f *command.Fields) (*taskdb.DB, bson.Raw, *query.Pipeline, error) {
	if v := f.Value("aggregate"); v.IsNumber() {
		f.Refuse(query.CodeInvalidNamespace, "aggregate", "{aggregate: 1} is not implemented; a collection is required")
	}
	db, err := r.collection(f.Collection())
	if f.Err() != nil || err != nil {
		return nil, nil, nil, firstOf(f.Err(), err)
	}
	f.Required("pipeline")
	stages := f.Documents("pipeline")
	f.CheckCollation()
	f.LooseFlag("allowDiskUse")
	f.LooseFlag("bypassDocumentValidation")
	hint := f.Hint()
	let := f.Let()
	if err := f.Err(); err != nil {
		return nil, nil, nil, err
	}
	asked, stages, err := r.splitStats(stages)
	switch {
	case err != nil:
		return nil, nil, nil, err
	case asked == nil && r.user.Client != "":
		own, err := bson.Marshal(bson.D{{Key: "$match", Value: ownRecords(r.user.Client)}})
		if err != nil {
			return nil, nil, nil, err
		}
		stages = append([]bson.Raw{own}, stages...)
	}
	pipeline, err := query.ParsePipeline(stages, let)
	if err != nil {
		return nil, nil, nil, err
	}
	return db, asked, pipeline, checkHint(ctx, db, hint)
}

// queryOf is what the store is asked for a pipeline.
func queryOf(p *query.Pipeline) taskdb.Query {
	return taskdb.Query{Filter: p.Filter, Projection: p.Projection(), Sort: p.Sort, Skip: p.Skip, Limit: p.Limit}
}

// runPipeline yields what a pipeline makes of a collection.
func runPipeline(ctx context.Context, db *taskdb.DB, p *query.Pipeline) iter.Seq2[bson.Raw, error] {
	if !p.OnlyCounts() {
		return p.Run(ctx, db.FindRaw(ctx, queryOf(p)))
	}
	return func(yield func(bson.Raw, error) bool) {
		n, err := db.Count(ctx, queryOf(p))
		if err != nil {
			yield(nil, err)
			return
		}
		p.RunCounted(ctx, n)(yield)
	}
}
