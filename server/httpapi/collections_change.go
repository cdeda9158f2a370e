package httpapi

import (
	"net/http"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func (s *server) addDocuments(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	docs, err := received(r)
	if err != nil {
		return err
	}
	for i, doc := range docs {
		if docs[i], err = taskdb.Prepare(doc); err != nil {
			return err
		}
	}
	if len(docs) > 0 {
		err = backend.Add(r.Context(), collection, docs)
	}
	return done(w, err)
}

func (s *server) writeChanges(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	docs, err := received(r)
	if err != nil {
		return err
	}
	changes := make([]taskdb.Change, len(docs))
	for i, doc := range docs {
		var sent api.Change
		if err := bson.Unmarshal(doc, &sent); err != nil {
			return newProblem(http.StatusBadRequest, api.KindMalformed, "read change %d: %s", i+1, err)
		}
		if changes[i], err = changeOf(sent); err != nil {
			return err
		}
	}
	outcomes, err := backend.Write(r.Context(), collection, changes, r.URL.Query().Get("ordered") == "true")
	if err != nil {
		return err
	}
	answers := make([]any, len(outcomes))
	for i, o := range outcomes {
		answers[i] = api.Outcome{
			Matched: o.Matched, Modified: o.Modified, UpsertedID: o.UpsertedID, Doc: o.Doc, Problem: problemText(o.Err),
		}
	}
	return inBSON(w, r, answers...)
}

// changeOf checks a change.
func changeOf(sent api.Change) (c taskdb.Change, err error) {
	switch sent.Kind {
	case api.ChangeInsert:
		c.Doc, err = taskdb.Prepare(orEmpty(sent.Doc))
		return c, err
	case api.ChangeUpdate:
		c.Kind, c.Upsert = taskdb.UpdateDocuments, sent.Upsert
		c.Update, err = updateOf(sent)
	case api.ChangeDelete:
		c.Kind = taskdb.DeleteDocuments
	default:
		err = invalid("body.kind", "there is no kind of change %q", sent.Kind)
	}
	if err != nil {
		return c, err
	}
	c.Many = sent.Many
	if c.Filter, err = query.ParseFilter(orEmpty(sent.Filter)); err != nil {
		return c, err
	}
	if c.Sort, err = query.ParseSort(orEmpty(sent.Sort)); err != nil {
		return c, err
	}
	return c, returning(sent, &c)
}

// updateOf checks the update of a change: a document, a pipeline or, as an empty
// replacement, none.
func updateOf(sent api.Change) (*query.Update, error) {
	filters := make([]any, len(sent.ArrayFilters))
	for i, filter := range sent.ArrayFilters {
		filters[i] = filter
	}
	switch sent.Update.Type {
	case bson.TypeArray:
		return query.ParseUpdateValue(bson.RawArray(sent.Update.Value), filters...)
	case bson.TypeEmbeddedDocument, 0:
		return query.ParseUpdateValue(orEmpty(sent.Update.Value), filters...)
	}
	return nil, invalid("body.update", "an update is a document or an array of stages, and not of type %s", sent.Update.Type)
}

// returning checks what a change is to return, and that it can.
func returning(sent api.Change, c *taskdb.Change) (err error) {
	switch sent.Return {
	case "":
	case api.ReturnBefore:
		c.Return = taskdb.ReturnBefore
	case api.ReturnAfter:
		c.Return = taskdb.ReturnAfter
	default:
		return invalid("body.return", "there is no state %q of a document", sent.Return)
	}
	many := c.Many && (!c.Sort.Empty() || c.Return != taskdb.ReturnNothing || c.Update != nil && c.Update.IsReplacement())
	gone := c.Kind == taskdb.DeleteDocuments && (c.Return == taskdb.ReturnAfter || c.Upsert)
	if many || gone {
		return invalid("body", "a change of many has no sort, returns nothing and replaces nothing; a deletion has no after")
	}
	if c.Return != taskdb.ReturnNothing {
		c.Projection, err = query.ParseProjection(orEmpty(sent.Projection))
	}
	return err
}

func (s *server) appendTail(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	var sent api.Tail
	if err := receive(r, &sent); err != nil {
		return err
	}
	key := r.URL.Query().Get("key")
	switch {
	case sent.Tail.Type != bson.TypeString && sent.Tail.Type != bson.TypeArray:
		return invalid("body.tail", "a tail is a string or an array")
	case key == "" || key == "_id" || strings.ContainsRune(key, 0):
		return invalid("query.key", "%q cannot grow", key)
	}
	return done(w, backend.Append(r.Context(), collection, r.URL.Query().Get("msg_id"), key, sent.Tail))
}

func (s *server) putBuffer(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	key := r.URL.Query().Get("key")
	if strings.ContainsRune(key, 0) {
		return invalid("query.key", "a key cannot have a NUL")
	}
	if err := wait(r.Context()); err != nil { // it comes at the pace of who sends it
		return err
	}
	return done(w, backend.PutBuffer(r.Context(), collection, r.URL.Query().Get("msg_id"), key, r.Body))
}
