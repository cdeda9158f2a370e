package mongowire

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// explain carries out the command of this name, for commands that read. Of a pipeline it
// tells how the documents are found that go into it.
func explain(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("verbosity")
	v := f.Value("explain")
	inner, isDocument := v.DocumentOK()
	if !isDocument {
		f.Refuse(query.CodeTypeMismatch, "explain", "explain takes a command")
	}
	if verbosity := f.Text("verbosity"); f.Has("verbosity") && !slices.Contains(verbosities, verbosity) {
		f.Refuse(query.CodeBadValue, "verbosity", "Enumeration value '"+verbosity+"' for field 'explain.verbosity' is not a valid value.")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	explained, err := command.New(inner, nil)
	if err != nil {
		return nil, err
	}
	within := *r
	within.command = explained
	db, q, err := within.explained(ctx)
	if err != nil {
		return nil, err
	}
	explanation, err := db.Explain(ctx, q)
	if err != nil {
		return nil, err
	}
	return explanationReply(db, q, explanation), nil
}

// verbosities are how much a client may ask to be told. It is told the same each time.
var verbosities = []string{"queryPlanner", "executionStats", "allPlansExecution"}

// explained reads the query of the command that is to be explained.
func (r *request) explained(ctx context.Context) (*taskdb.DB, taskdb.Query, error) {
	switch name := r.command.Name(); name {
	case "find":
		return r.findQuery(ctx, r.read(findFields...))
	case "count":
		return r.countQuery(ctx, r.read(countFields...))
	case "distinct":
		db, _, filter, err := r.distinctQuery(ctx, r.read(distinctFields...))
		return db, taskdb.Query{Filter: filter}, err
	case "aggregate":
		db, _, pipeline, err := r.pipeline(ctx, r.read(aggregateFields...))
		if err != nil {
			return nil, taskdb.Query{}, err
		}
		return db, queryOf(pipeline), nil
	default:
		return nil, taskdb.Query{}, &query.Error{Code: query.CodeNotImplemented, Message: "to explain " + name + " is not implemented"}
	}
}

// explanationReply tells how a query was carried out as MongoDB tells it.
func explanationReply(db *taskdb.DB, q taskdb.Query, e *taskdb.Explanation) bson.D {
	return bson.D{
		{Key: "queryPlanner", Value: bson.D{
			{Key: "namespace", Value: db.Collection()},
			{Key: "winningPlan", Value: plan(q, e)},
			{Key: "rejectedPlans", Value: bson.A{}},
		}},
		{Key: "executionStats", Value: bson.D{
			{Key: "executionSuccess", Value: true},
			{Key: "nReturned", Value: number(e.Returned)},
			{Key: "totalKeysExamined", Value: number(e.KeysExamined)},
			{Key: "totalDocsExamined", Value: number(e.RecordsExamined)},
		}},
		{Key: "serverInfo", Value: bson.D{{Key: "version", Value: version}}},
	}
}

// plan is the tree of stages that MongoDB would show.
func plan(q taskdb.Query, e *taskdb.Explanation) bson.D {
	var scans bson.A
	for _, scan := range e.Scans {
		scans = append(scans, scanStage(scan))
	}
	stage := bson.D{{Key: "stage", Value: "EOF"}}
	switch {
	case len(scans) == 1:
		stage = scans[0].(bson.D)
	case len(scans) > 1:
		stage = bson.D{{Key: "stage", Value: "OR"}, {Key: "inputStages", Value: scans}}
	}
	if len(scans) > 0 && stage[0].Value != "COLLSCAN" {
		stage = bson.D{{Key: "stage", Value: "FETCH"}, {Key: "inputStage", Value: stage}}
	}
	if filter, ok := q.Filter.(*query.Filter); ok && !e.Exact {
		stage = append(stage, bson.E{Key: "filter", Value: filter.Source()})
	}
	if e.SortedInMemory {
		stage = bson.D{{Key: "stage", Value: "SORT"}, {Key: "sortPattern", Value: q.Sort}, {Key: "inputStage", Value: stage}}
	}
	return stage
}

func scanStage(scan taskdb.ScanExplanation) bson.D {
	direction := "forward"
	if scan.Reverse {
		direction = "backward"
	}
	if scan.Index == "" {
		return bson.D{{Key: "stage", Value: "COLLSCAN"}, {Key: "direction", Value: direction}}
	}
	return bson.D{
		{Key: "stage", Value: "IXSCAN"},
		{Key: "keyPattern", Value: scan.KeyPattern},
		{Key: "indexName", Value: scan.Index},
		{Key: "direction", Value: direction},
	}
}
