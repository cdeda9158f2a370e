package mongowire

import (
	"context"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// asItIs is a stage that changes nothing, and that no store can do.
var asItIs = bson.D{{Key: "$replaceWith", Value: "$$ROOT"}}

// splitStats takes the stage $collStats, if it is the first, off a pipeline, and
// returns its operand. What follows is carried out on the one document that the stage
// makes, and nothing of it is asked of the store.
func (r *request) splitStats(stages []bson.Raw) (asked bson.Raw, rest []bson.Raw, err error) {
	if len(stages) == 0 {
		return nil, stages, nil
	}
	operand := stages[0].Lookup("$collStats")
	if operand.IsZero() {
		return nil, stages, nil
	}
	asked, ok := operand.DocumentOK()
	switch {
	case !ok:
		return nil, nil, &query.Error{Code: query.CodeTypeMismatch, Path: "$collStats", Message: "$collStats must take a nested object"}
	case r.user.Client != "":
		return nil, nil, r.unauthorized()
	}
	stage, err := bson.Marshal(asItIs)
	return asked, append([]bson.Raw{stage}, stages[1:]...), err
}

// runOverStats yields what a pipeline makes of the document of $collStats.
func runOverStats(ctx context.Context, db *taskdb.DB, asked bson.Raw, p *query.Pipeline) iter.Seq2[bson.Raw, error] {
	return p.Run(ctx, func(yield func(bson.Raw, error) bool) { yield(statsDocument(ctx, db, asked)) })
}

// statsDocument has those of the figures about a collection that are asked for.
func statsDocument(ctx context.Context, db *taskdb.DB, asked bson.Raw) (bson.Raw, error) {
	scale, _ := asked.Lookup("storageStats", "scale").AsInt64OK()
	figures, err := storageStats(ctx, db, scaleOf(scale))
	if err != nil {
		return nil, err
	}
	doc := bson.D{{Key: "ns", Value: db.Collection()}, {Key: "localTime", Value: time.Now()}}
	if !asked.Lookup("storageStats").IsZero() {
		doc = append(doc, bson.E{Key: "storageStats", Value: figures})
	}
	if !asked.Lookup("count").IsZero() {
		for _, figure := range figures {
			if figure.Key == "count" {
				doc = append(doc, figure)
			}
		}
	}
	return bson.Marshal(doc)
}
