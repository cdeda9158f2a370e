package httpapi

import (
	"context"
	"net/http"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/danielgtaylor/huma/v2"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// collections registers the routes of the store below the hub, collection by
// collection. They pass on what a store's backend is asked; package api lists them,
// and backends/remote asks them.
func (s *server) collections() {
	const path = "/v1/collections/{collection}"
	msgID, key := parameter("msg_id", ""), parameter("key", "The key that the array is under.")

	s.pass("GET /v1/collections", "The names of the store's collections", s.collectionNames)
	s.pass("DELETE "+path, "Remove a collection", s.dropCollection)
	s.pass("POST "+path+"/add", "Store documents, all of them or none", s.addDocuments)
	s.pass("POST "+path+"/write", "Carry out changes, one after another", s.writeChanges,
		parameter("ordered", "Whether the first that fails ends them: true or false."))
	s.pass("GET "+path+"/record", "The document of a msg_id, whole", s.getDocument, msgID)
	s.pass("POST "+path+"/find", "The documents that a request asks for", s.findDocuments)
	s.pass("POST "+path+"/count", "How many documents a request asks for", s.countDocuments)
	s.pass("POST "+path+"/distinct", "The distinct values under a path", s.distinctValues)
	s.pass("POST "+path+"/explain", "How a request is carried out", s.explainRequest)
	s.pass("GET "+path+"/history", "All msg_ids, by the time at which they were submitted", s.collectionHistory)
	s.pass("GET "+path+"/buffer", "The bytes of a buffer", s.readBuffer, msgID, key, parameter("n", "Which buffer, from 0."))
	s.pass(putsBuffer, "Add a buffer at the end of an array", s.putBuffer, msgID, key)
	s.pass("POST "+path+"/append", "Add to the end of a string or an array", s.appendTail, msgID, key)
	s.pass("GET "+path+"/stats", "Figures about a collection", s.collectionStats)
	s.pass("GET "+path+"/indexes", "The indexes of a collection", s.listIndexes)
	s.pass("POST "+path+"/indexes", "Make an index", s.createIndex)
	s.pass("DELETE "+path+"/indexes", "Remove an index", s.dropIndex, parameter("name", "The name of the index."))
	s.pass("POST /v1/compact", "Give back to the machine what removed records took", s.compact)
}

// putsBuffer is the route whose body is stored as it comes.
const putsBuffer = "POST /v1/collections/{collection}/buffer"

// pass adds a route that is answered in BSON, or in JSON lines, by what writes the
// answer itself.
func (s *server) pass(pattern, summary string, answer func(http.ResponseWriter, *http.Request) error, parameters ...*huma.Param) {
	method, path, _ := strings.Cut(pattern, " ")
	words := strings.NewReplacer("/v1/", "", "{collection}/", "", "/", "-").Replace(path)
	op := operation(strings.ToLower(method)+"-"+words, pattern, summary)
	op.Parameters = parameters
	if strings.Contains(path, "{collection}") {
		op.Parameters = append([]*huma.Param{{
			Name: "collection", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The full name of the collection: database.name.",
		}}, parameters...)
	}
	op.Responses = map[string]*huma.Response{"2XX": {Description: "The answer: see package api."}}
	s.describeProblems(&op)
	s.api.OpenAPI().AddOperation(&op)
	s.routes.Handle(pattern, s.guarded(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := answer(w, r); err != nil {
			s.fail(w, r, err)
		}
	})))
}

func parameter(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// backend returns the store, and the collection that a request is about.
func (s *server) backend(r *http.Request) (taskdb.Backend, string, error) {
	collection := r.PathValue("collection")
	return s.db.Backend(), collection, taskdb.CheckCollection(collection)
}

// wholeBackend is backend for what is about the records of all clients.
func (s *server) wholeBackend(r *http.Request) (taskdb.Backend, string, error) {
	if err := unbound(r.Context()); err != nil {
		return nil, "", err
	}
	return s.backend(r)
}

// ownFilter returns what a filter selects of what the user may see: a user who is
// bound to a client sees the tasks of that, and no other collection.
func (s *server) ownFilter(ctx context.Context, collection string, filter *query.Filter) (*query.Filter, error) {
	client, is := bound(ctx)
	if !is {
		return filter, nil
	}
	if collection != s.db.Collection() {
		return nil, unbound(ctx)
	}
	own := bson.D{{Key: "client_uuid", Value: client}}
	return query.Parse(bson.D{{Key: "$and", Value: bson.A{own, filter.Source()}}})
}

// mayRead fails if the user may not see the document of a msg_id, as if it did not
// exist.
func (s *server) mayRead(ctx context.Context, collection, msgID string) error {
	if _, is := bound(ctx); !is {
		return nil
	}
	filter, err := query.Parse(bson.D{{Key: "msg_id", Value: msgID}})
	if err == nil {
		filter, err = s.ownFilter(ctx, collection, filter)
	}
	if err != nil {
		return err
	}
	n, err := s.db.Count(ctx, taskdb.Query{Filter: filter, Limit: 1})
	if err == nil && n == 0 {
		err = taskdb.ErrNotFound
	}
	return err
}

func (s *server) collectionNames(w http.ResponseWriter, r *http.Request) error {
	names := []string{s.db.Collection()}
	if _, is := bound(r.Context()); !is {
		var err error
		if names, err = s.db.Backend().Collections(r.Context()); err != nil {
			return err
		}
	}
	return inBSON(w, r, api.Collections{Collections: names, Tasks: s.db.Collection()})
}

func (s *server) dropCollection(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err == nil {
		err = backend.Drop(r.Context(), collection)
	}
	return done(w, err)
}

func (s *server) collectionStats(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	stats, err := backend.Stats(r.Context(), collection)
	if err != nil {
		return err
	}
	return inBSON(w, r, api.CollectionStats{
		Records: stats.Records, Bytes: stats.Bytes, Culled: stats.Culled, Lost: stats.Lost,
		FileBytes: stats.FileBytes, FreeBytes: stats.FreeBytes,
		Bounds: api.Bounds{
			Records: stats.Bounds.Records, Bytes: stats.Bounds.Bytes, Cull: stats.Bounds.Cull,
			LostAfter: stats.Bounds.LostAfter.Milliseconds(),
		},
	})
}

func (s *server) compact(w http.ResponseWriter, r *http.Request) error {
	if err := unbound(r.Context()); err != nil {
		return err
	}
	compacter, ok := s.db.Backend().(taskdb.Compacter)
	if !ok {
		return taskdb.ErrUnsupported
	}
	compaction, err := compacter.Compact(r.Context())
	if err != nil {
		return err
	}
	return inBSON(w, r, api.Compaction(compaction))
}
