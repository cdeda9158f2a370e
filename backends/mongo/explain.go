package mongo

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Explain is taskdb.Backend's. It tells what the server's explain command tells.
func (s *Store) Explain(ctx context.Context, name string, r taskdb.Request) (explanation *taskdb.Explanation, err error) {
	q, err := questionOf(r)
	if err != nil {
		return nil, err
	}
	collection := s.collection(name)
	find := bson.D{{Key: "find", Value: collection.Name()}, {Key: "filter", Value: q.filter}}
	for _, part := range []bson.E{{Key: "projection", Value: q.projection}, {Key: "sort", Value: q.sort}} {
		if len(part.Value.(bson.Raw)) > emptyDocument {
			find = append(find, part)
		}
	}
	for _, part := range []bson.E{{Key: "skip", Value: q.skip}, {Key: "limit", Value: q.limit}} {
		if part.Value.(int64) > 0 {
			find = append(find, part)
		}
	}
	command := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "executionStats"}}
	err = s.call(ctx, func() error {
		reply, err := collection.Database().RunCommand(ctx, command).Raw()
		if err == nil {
			explanation = explanationOf(name, reply)
		}
		return err
	})
	return explanation, err
}

// explanationOf reads a reply to the explain command.
func explanationOf(name string, reply bson.Raw) *taskdb.Explanation {
	p := plan{collection: name}
	p.KeysExamined = number(reply, "executionStats", "totalKeysExamined")
	p.RecordsExamined = number(reply, "executionStats", "totalDocsExamined")
	p.Returned = number(reply, "executionStats", "nReturned")
	if winning, ok := reply.Lookup("queryPlanner", "winningPlan").DocumentOK(); ok {
		p.Exact = true // unless a stage has a filter
		p.read(winning)
	}
	return &p.Explanation
}

func number(doc bson.Raw, path ...string) int64 {
	n, _ := doc.Lookup(path...).AsInt64OK()
	return n
}

// plan is a plan of the server's, as far as it was read.
type plan struct {
	taskdb.Explanation
	collection string
}

// read takes in a stage of a plan and those below it.
func (p *plan) read(stage bson.Raw) {
	text, _ := stage.Lookup("stage").StringValueOK()
	switch {
	case text == "COLLSCAN":
		p.Scans = append(p.Scans, taskdb.ScanExplanation{Ranges: 1, Reverse: isBackward(stage)})
	case text == "IDHACK":
		p.Scans = append(p.Scans, taskdb.ScanExplanation{Index: "_id_", KeyPattern: idPattern, Ranges: 1})
	case strings.HasSuffix(text, "IXSCAN"), text == "COUNT_SCAN", text == "DISTINCT_SCAN":
		p.Scans = append(p.Scans, p.scan(stage))
	case text == "SORT":
		p.SortedInMemory = true
	}
	if filter, ok := stage.Lookup("filter").DocumentOK(); ok && len(filter) > emptyDocument {
		p.Exact = false
	}
	// A server of the newer engine, or of shards, has its plan one level deeper.
	for _, key := range []string{"queryPlan", "winningPlan", "inputStage", "outerStage", "innerStage"} {
		if below, ok := stage.Lookup(key).DocumentOK(); ok {
			p.read(below)
		}
	}
	for _, key := range []string{"inputStages", "shards"} {
		below, _ := stage.Lookup(key).ArrayOK()
		stages, _ := below.Values()
		for _, v := range stages {
			if doc, ok := v.DocumentOK(); ok {
				p.read(doc)
			}
		}
	}
}

var idPattern = taskdb.StandardIndexes("")[0].KeyPattern()

func isBackward(stage bson.Raw) bool {
	direction, _ := stage.Lookup("direction").StringValueOK()
	return direction == "backward"
}

// scan describes a walk over an index.
func (p *plan) scan(stage bson.Raw) taskdb.ScanExplanation {
	index, _ := stage.Lookup("indexName").StringValueOK()
	if index == textMsgIDs && taskdb.IsTasks(p.collection) {
		index = "msg_id_1"
	}
	pattern, ok := stage.Lookup("keyPattern").DocumentOK()
	if !ok { // of a query for one key it is a text
		text, _ := stage.Lookup("keyPattern").StringValueOK()
		pattern, _ = query.Document(text)
	}
	return taskdb.ScanExplanation{Index: index, KeyPattern: pattern, Ranges: rangesOf(stage), Reverse: isBackward(stage)}
}

// rangesOf is how many ranges of an index's keys a stage walks: each range of one
// path with each of the next.
func rangesOf(stage bson.Raw) int {
	ranges := 1
	bounds, _ := stage.Lookup("indexBounds").DocumentOK()
	paths, _ := bounds.Elements()
	for _, path := range paths {
		list, _ := path.Value().ArrayOK()
		intervals, _ := list.Values()
		ranges *= max(1, len(intervals))
	}
	return ranges
}
