package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/internal/answerkey"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

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
	for _, element := range answerkey.Values(v) {
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
