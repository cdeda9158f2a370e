package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Changes has writers change records at random, all at once, and compares what a
// store then holds with what the query language makes of each record: its
// documents, what is found by each index, and the counts. Every writer has records
// of its own, and all add to one sum.
//
// It is a property of rapid's. At the end of each check it calls verify, if that is
// not nil, with the name of the collection.
func Changes(t *testing.T, open Opener, verify func(t *rapid.T, collection string)) {
	store := open(t)
	checks := 0
	rapid.Check(t, func(t *rapid.T) {
		checks++
		db := store.In(fmt.Sprintf("changes%d.task_records", checks))
		first, late := anyIndexesOfChanges(t), anyIndexesOfChanges(t)
		for _, index := range first {
			createIndex(t, db, index)
		}
		addDocs(t, db, `{_id: "sum", n: 0}`)
		owners := make([]*owner, rapid.IntRange(1, 6).Draw(t, "writers"))
		work := make([][]job, len(owners))
		for i := range owners {
			owners[i] = &owner{name: fmt.Sprint("w", i), db: db, docs: map[string]bson.Raw{}}
			work[i] = rapid.SliceOfN(owners[i].anyJob(), 1, 20).Draw(t, owners[i].name)
		}
		wrong := make([]string, len(owners))
		goroutines(len(owners), func(i int) {
			for n := 0; n < len(work[i]) && wrong[i] == ""; n++ {
				wrong[i] = work[i][n].run(t, owners[i])
			}
		})
		for _, said := range wrong {
			if said != "" {
				t.Fatal(said)
			}
		}
		for _, index := range late {
			createIndex(t, db, index)
		}
		requireIndexed(t, db, requireOwned(t, db, owners, work))
		if verify != nil {
			verify(t, db.Collection())
		}
		require.NoError(t, db.DropCollection(t.Context()))
	})
}

// requireOwned tests that a store holds what its writers made, and the sum, and
// returns all documents.
func requireOwned(t *rapid.T, db *taskdb.DB, owners []*owner, work [][]job) []bson.Raw {
	t.Helper()
	jobs := 0
	all := map[string]bson.Raw{}
	for i, o := range owners {
		maps.Copy(all, o.docs)
		jobs += len(work[i])
	}
	all["sum"] = parse(t, fmt.Sprintf(`{_id: "sum", n: %d}`, jobs))
	docs := contents(t, db)
	require.Len(t, docs, len(all))
	for _, doc := range docs {
		id := doc.Lookup("_id").StringValue()
		require.True(t, bytes.Equal(all[id], doc), "%s is %.500s, and not %.500s", id, doc, all[id])
	}
	return docs
}

// requireIndexed tests that what a store finds by each of its indexes is what the
// filter matches among all documents.
func requireIndexed(t *rapid.T, db *taskdb.DB, docs []bson.Raw) {
	t.Helper()
	for _, index := range indexes(t, db) {
		path := index.Keys.Index(0).Key()
		filters := []bson.D{
			{{Key: path, Value: nil}}, {{Key: path, Value: bson.M{"$ne": nil}}}, {{Key: path, Value: bson.M{"$gte": "a"}}},
			{{Key: path, Value: bson.M{"$lt": bson.DateTime(5)}}}, {{Key: path, Value: bson.M{"$gt": bson.MinKey{}}}},
		}
		values := map[string]bson.RawValue{}
		for _, doc := range docs {
			if v, err := doc.LookupErr(strings.Split(path, ".")...); err == nil && len(values) < 5 {
				values[v.String()] = v
			}
		}
		for _, v := range values {
			filters = append(filters, bson.D{{Key: path, Value: bson.M{"$eq": v}}})
		}
		for _, filter := range filters {
			if index.Partial != nil {
				filter = bson.D{{Key: "$and", Value: bson.A{filter, index.Partial}}}
			}
			want := matching(t, docs, filter)
			got := find(t, db, taskdb.Query{Filter: filter, Projection: "{_id: 1}"})
			require.Equal(t, idsOf(want), idsOf(got), "%s: %.300v", index.Name, filter)
			n, err := db.Count(t.Context(), taskdb.Query{Filter: filter})
			require.NoError(t, err)
			require.EqualValues(t, len(want), n, "%s: %.300v", index.Name, filter)
		}
		by := bson.D{{Key: path, Value: 1}, {Key: "_id", Value: 1}}
		if path == "_id" {
			by = by[1:]
		}
		sorted := find(t, db, taskdb.Query{Sort: by, Projection: "{}"})
		require.Len(t, sorted, len(docs))
		requireSorted(t, by, sorted)
	}
}

// idsOf returns the _ids of documents, which are strings, in order.
func idsOf(docs []bson.Raw) []string {
	ids := make([]string, len(docs))
	for i, doc := range docs {
		ids[i] = doc.Lookup("_id").StringValue()
	}
	slices.Sort(ids)
	return ids
}

// anyIndexesOfChanges draws declared indexes on what changes.
func anyIndexesOfChanges(t *rapid.T) []taskdb.Index {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]taskdb.Index{
		{Keys: "tags"}, {Keys: "queue,-submitted"}, {Keys: "n,owner"}, {Keys: "buffers.0"}, {Keys: "stdout", Partial: `{completed: null}`},
		{Keys: "-label", Partial: `{n: {$gt: 1}}`}, {Keys: "kept"}, {Keys: "result_content"},
	}), 0, 3, func(index taskdb.Index) string { return fmt.Sprint(index.Keys) }).Draw(t, "indexes")
}

// owner is a writer, and what it made of its records, by their _ids.
type owner struct {
	name string
	db   *taskdb.DB
	docs map[string]bson.Raw
}

// job is what a writer does at once: one operation, a bulk of several, or to add
// at the end of a value.
type job struct {
	operations []taskdb.Operation
	ordered    bool
	found      *taskdb.Found // of one operation
	grows      *grown
}

// grown is a text that is appended, or a buffer.
type grown struct {
	id, key string
	size    int
	buffer  bool
}

// GoString tells of the job in few words, should it fail.
func (j job) GoString() string {
	if j.grows != nil {
		return fmt.Sprintf("grow %+v", *j.grows)
	}
	text := fmt.Sprintf("ordered %v, found %v:", j.ordered, j.found)
	for _, operation := range j.operations {
		text += fmt.Sprintf(" %T %.300v;", operation, operation)
	}
	return text
}

func (o *owner) anyJob() *rapid.Generator[job] {
	return rapid.Custom(func(t *rapid.T) job {
		switch rapid.IntRange(0, 9).Draw(t, "job") {
		case 0:
			return job{operations: rapid.SliceOfN(o.anyOperation(), 2, 6).Draw(t, "bulk"), ordered: rapid.Bool().Draw(t, "ordered")}
		case 1:
			return job{grows: &grown{id: o.anyID(t), key: "stdout", size: rapid.SampledFrom([]int{0, 10, 9000, 30000}).Draw(t, "size")}}
		case 2:
			key := rapid.SampledFrom([]string{"buffers", "kept"}).Draw(t, "key")
			return job{grows: &grown{id: o.anyID(t), key: key, size: rapid.SampledFrom([]int{0, 10, 5000}).Draw(t, "size"), buffer: true}}
		}
		operation := o.anyOperation().Draw(t, "operation")
		j := job{operations: []taskdb.Operation{operation}}
		update, isUpdate := operation.(taskdb.Update)
		deletion, isDeletion := operation.(taskdb.Delete)
		if isUpdate && !update.Many || isDeletion && !deletion.Many {
			if rapid.Bool().Draw(t, "found") {
				j.found = &taskdb.Found{Projection: "{}", After: isUpdate && rapid.Bool().Draw(t, "after")}
			}
		}
		return j
	})
}

const recordsOfOwner = 6

func (o *owner) anyID(t *rapid.T) string {
	return fmt.Sprintf("%s-%d", o.name, rapid.IntRange(0, recordsOfOwner-1).Draw(t, "id"))
}

// anyOperation draws an operation on the owner's records. One of many changes
// nothing that is unique.
func (o *owner) anyOperation() *rapid.Generator[taskdb.Operation] {
	return rapid.Custom(func(t *rapid.T) taskdb.Operation {
		one := bson.D{{Key: "_id", Value: o.anyID(t)}, {Key: "owner", Value: o.name}}
		some := bson.D{{Key: "owner", Value: o.name}, {Key: "n", Value: bson.M{"$lt": rapid.IntRange(0, 4).Draw(t, "n")}}}
		switch rapid.IntRange(0, 11).Draw(t, "kind") {
		case 0, 1, 2:
			return taskdb.Insert{Doc: encode(t, append(one, o.anyRecord(t)...))}
		case 3:
			return taskdb.Update{Filter: one, Update: append(bson.D{{Key: "owner", Value: o.name}}, o.anyRecord(t)...)}
		case 4:
			return taskdb.Delete{Filter: one}
		case 5:
			return taskdb.Update{Filter: some, Update: o.anyUpdate(t, false), Many: true}
		case 6:
			return taskdb.Delete{Filter: some, Many: true}
		case 7:
			return taskdb.Update{Filter: some, Sort: `{_id: 1}`, Update: o.anyUpdate(t, true)}
		case 8:
			filter := append(slices.Clone(one), bson.E{Key: "tags", Value: anyTag.Draw(t, "tag")})
			return taskdb.Update{Filter: filter, Update: bson.M{"$set": bson.M{"tags.$": anyTag.Draw(t, "to")}}}
		case 9:
			return taskdb.Update{Filter: one, Update: o.anyUpdate(t, true), Upsert: true}
		default:
			return taskdb.Update{Filter: one, Update: o.anyUpdate(t, true)}
		}
	})
}

var (
	anyTag  = rapid.SampledFrom([]any{"a", "b", 1, nil})
	anyTags = rapid.OneOf(anyTag, rapid.Just[any](bson.A{}), rapid.Map(rapid.SliceOfN(anyTag, 1, 3), func(tags []any) any { return bson.A(tags) }))
	// anyOfTask are values for a task's keys, as fit and as do not.
	anyOfTask   = rapid.SampledFrom([]any{nil, "a", "b", "c", bson.DateTime(0), bson.DateTime(5), bson.DateTime(9), int32(5), true, bson.D{{Key: "status", Value: "ok"}}})
	anyOutput   = rapid.Map(rapid.SampledFrom([]int{0, 9, 20_000}), func(n int) any { return strings.Repeat("x", n) })
	anyTaskPath = rapid.SampledFrom([]string{"queue", "label", "submitted", "completed", "engine_uuid", "result_content"})
)

func (o *owner) anyMsgID(t *rapid.T) any {
	if rapid.IntRange(0, 5).Draw(t, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, int32(1), bson.A{"x"}}).Draw(t, "msg_id")
	}
	return o.anyID(t) // that may be another's _id, too
}

// anyRecord draws the keys of a record but its _id and owner.
func (o *owner) anyRecord(t *rapid.T) bson.D {
	doc := bson.D{{Key: "n", Value: rapid.Int32Range(0, 4).Draw(t, "n")}}
	for _, value := range []bson.E{
		{Key: "msg_id", Value: o.anyMsgID(t)},
		{Key: "queue", Value: anyOfTask.Draw(t, "queue")},
		{Key: "completed", Value: anyOfTask.Draw(t, "completed")},
		{Key: "submitted", Value: anyOfTask.Draw(t, "submitted")},
		{Key: "tags", Value: anyTags.Draw(t, "tags")},
		{Key: "buffers", Value: anyBuffers.Draw(t, "buffers")},
		{Key: "stdout", Value: anyOutput.Draw(t, "stdout")},
	} {
		if rapid.Bool().Draw(t, "has "+value.Key) {
			doc = append(doc, value)
		}
	}
	return doc
}

// anyUpdate draws operators: of many, such as suit any document.
func (o *owner) anyUpdate(t *rapid.T, one bool) bson.D {
	change := func(operator, key string, v any) bson.D {
		return bson.D{{Key: operator, Value: bson.D{{Key: key, Value: v}}}}
	}
	kinds := 5
	if one {
		kinds = 15
	}
	switch rapid.IntRange(0, kinds).Draw(t, "update") {
	case 0:
		return bsonSet(anyTaskPath.Draw(t, "path"), anyOfTask.Draw(t, "value"))
	case 1:
		return append(bsonSet(anyTaskPath.Draw(t, "path"), anyOfTask.Draw(t, "value")), change("$inc", "n", 1)...)
	case 2:
		return change("$unset", rapid.SampledFrom([]string{"queue", "completed", "tags", "buffers", "stdout", "kept"}).Draw(t, "path"), 1)
	case 3:
		return bsonSet("tags", anyTags.Draw(t, "tags"))
	case 4:
		return bsonSet("buffers", anyBuffers.Draw(t, "buffers"))
	case 5:
		return bsonSet("stdout", anyOutput.Draw(t, "stdout"))
	case 6:
		return bsonSet("result_content.status", anyOfTask.Draw(t, "status"))
	case 7:
		return change(rapid.SampledFrom([]string{"$push", "$addToSet", "$pull"}).Draw(t, "operator"), "tags", anyTag.Draw(t, "tag"))
	case 8:
		return change("$rename", "buffers", "kept")
	case 9:
		return change("$rename", "kept", "buffers")
	case 10:
		return change("$rename", "stdout", "kept")
	case 11:
		return change("$push", "buffers", bson.Binary{Data: noise(rapid.SampledFrom([]int{1, 5000}).Draw(t, "buffer"))})
	case 12:
		return bsonSet("buffers.0", bson.Binary{Data: noise(5000)})
	case 13:
		return change("$pop", "buffers", rapid.SampledFrom([]int{-1, 1}).Draw(t, "end"))
	}
	return bsonSet("msg_id", o.anyMsgID(t))
}

// run carries out a job and returns what is wrong with what became of it, or
// nothing.
func (j job) run(t *rapid.T, o *owner) string {
	if _, err := o.db.Update(t.Context(), taskdb.Update{Filter: `{_id: "sum"}`, Update: `{$inc: {n: 1}}`}); err != nil {
		return err.Error()
	}
	if j.grows != nil {
		return o.grow(t, j.grows)
	}
	want := make([]prediction, len(j.operations))
	failed := false
	for i, operation := range j.operations {
		want[i].notTried = failed && j.ordered
		if !want[i].notTried {
			want[i] = o.predict(operation)
		}
		failed = failed || want[i].code != 0
	}
	var outcomes []taskdb.Outcome
	var err error
	if j.found != nil {
		var outcome taskdb.Outcome
		outcome, err = o.db.FindAndModify(t.Context(), j.operations[0], *j.found)
		outcomes = []taskdb.Outcome{outcome}
		want[0].returns(*j.found)
	} else {
		outcomes, err = o.db.Bulk(t.Context(), j.ordered, j.operations...)
	}
	for i := range outcomes {
		if said := want[i].compare(outcomes[i]); said != "" {
			return fmt.Sprintf("%v: %s", j.operations[i], said)
		}
	}
	if len(outcomes) < len(want) {
		return fmt.Sprint(err)
	}
	return ""
}

// prediction is what has to become of an operation.
type prediction struct {
	outcome       taskdb.Outcome
	code          int
	notTried      bool
	before, after bson.Raw // of the one document
}

func (p *prediction) returns(found taskdb.Found) {
	if p.outcome.Doc = p.before; found.After {
		p.outcome.Doc = p.after
	}
}

func (p *prediction) compare(got taskdb.Outcome) string {
	err := got.Err
	got.Err = nil
	switch {
	case p.notTried != (err == taskdb.ErrNotTried) || !p.notTried && (codeOf(err) != p.code || err != nil && p.code == 0):
		return fmt.Sprintf("got %v, want code %d (not tried: %v)", err, p.code, p.notTried)
	case err != nil:
		return ""
	case got.Matched != p.outcome.Matched || got.Modified != p.outcome.Modified || !got.UpsertedID.Equal(p.outcome.UpsertedID) ||
		!slices.Equal(got.Doc, p.outcome.Doc):
		return fmt.Sprintf("got %v, want %v", got, p.outcome)
	}
	return ""
}

// predict carries out an operation on the owner's documents.
func (o *owner) predict(operation taskdb.Operation) prediction {
	switch op := operation.(type) {
	case taskdb.Insert:
		return prediction{code: o.store(op.Doc, true), after: op.Doc}
	case taskdb.Delete:
		ids, _ := o.selected(op.Filter, op.Many)
		p := prediction{outcome: taskdb.Outcome{Matched: int64(len(ids))}}
		for _, id := range ids {
			p.before = o.docs[id]
			delete(o.docs, id)
		}
		return p
	default:
		return o.predictUpdate(op.(taskdb.Update))
	}
}

func (o *owner) predictUpdate(op taskdb.Update) (p prediction) {
	ids, filter := o.selected(op.Filter, op.Many)
	update, err := query.ParseUpdateValue(op.Update)
	if err != nil {
		return prediction{code: codeOf(err)}
	}
	if len(ids) == 0 && op.Upsert {
		doc, err := update.Upsert(filter, time.Now())
		if p.code = codeOf(err); p.code == 0 {
			p.code = o.store(doc, true)
		}
		if p.code == 0 {
			p.after, p.outcome.UpsertedID = doc, doc.Lookup("_id")
		}
		return p
	}
	for _, id := range ids {
		before := o.docs[id]
		after, modified, err := update.Apply(before, filter, time.Now())
		if p.code = codeOf(err); p.code == 0 && modified {
			p.code = o.store(after, false)
		}
		if p.code != 0 {
			return p
		}
		p.before, p.after = before, after
		if p.outcome.Matched++; modified {
			p.outcome.Modified++
		}
	}
	return p
}

// selected returns the _ids of what a filter selects among the owner's documents:
// of one the first.
func (o *owner) selected(filter any, many bool) ([]string, *query.Filter) {
	parsed := query.MustParse(filter)
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(o.docs)) {
		if ok, _ := parsed.Match(o.docs[id]); ok && (many || len(ids) == 0) {
			ids = append(ids, id)
		}
	}
	return ids, parsed
}

// store keeps a document, unless one has its _id or its msg_id: then it returns the
// code of that.
func (o *owner) store(doc bson.Raw, isNew bool) (code int) {
	id := doc.Lookup("_id").StringValue()
	if o.docs[id] != nil && isNew {
		return taskdb.DuplicateKeyCode
	}
	if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok {
		if other := o.byMsgID(msgID); other != "" && other != id {
			return taskdb.DuplicateKeyCode
		}
	}
	o.docs[id] = doc
	return 0
}

// byMsgID returns the _id of the document with a msg_id, or "".
func (o *owner) byMsgID(msgID string) string {
	for id, doc := range o.docs {
		if own, ok := doc.Lookup("msg_id").StringValueOK(); ok && own == msgID {
			return id
		}
	}
	return ""
}

// grow adds at the end of a value, and returns what is wrong with what became of
// it, or nothing.
func (o *owner) grow(t *rapid.T, g *grown) string {
	var err error
	if g.buffer {
		err = o.db.PutBuffer(t.Context(), g.id, g.key, bytes.NewReader(noise(g.size)))
	} else {
		err = o.db.AppendText(t.Context(), g.id, g.key, strings.Repeat("z", g.size))
	}
	id := o.byMsgID(g.id)
	if id == "" {
		if !errors.Is(err, taskdb.ErrNotFound) {
			return fmt.Sprintf("grow %v of no record: %v", *g, err)
		}
		return ""
	}
	change, refused := g.update(o.docs[id].Lookup(g.key))
	if refused != nil {
		if errors.Is(err, refused) || codeOf(err) != 0 && codeOf(err) == codeOf(refused) {
			return ""
		}
		return fmt.Sprintf("grow %v of %s: got %v, want %v", *g, o.docs[id].Lookup(g.key), err, refused)
	}
	update, invalid := query.ParseUpdateValue(change)
	if err = errors.Join(err, invalid); err == nil {
		o.docs[id], _, err = update.Apply(o.docs[id], nil, time.Now())
	}
	if err != nil {
		return fmt.Sprintf("grow %v: %v", *g, err)
	}
	return ""
}

// update is what a growth does to a value, or how it is refused.
func (g *grown) update(v bson.RawValue) (change bson.M, refused error) {
	isNew := v.IsZero() || v.Type == bson.TypeNull
	if !g.buffer {
		text, ok := v.StringValueOK()
		if !ok && !isNew {
			return nil, &query.Error{Code: query.CodeTypeMismatch}
		}
		return bson.M{"$set": bson.M{g.key: text + strings.Repeat("z", g.size)}}, nil
	}
	buffer := bson.Binary{Data: noise(g.size)}
	for _, element := range values(v) {
		if element.Type != bson.TypeBinary {
			return nil, taskdb.ErrNoBuffers
		}
	}
	switch {
	case isNew:
		return bson.M{"$set": bson.M{g.key: bson.A{buffer}}}, nil
	case v.Type != bson.TypeArray:
		return nil, taskdb.ErrNoBuffers
	}
	return bson.M{"$push": bson.M{g.key: buffer}}, nil
}
