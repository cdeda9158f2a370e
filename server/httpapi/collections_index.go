package httpapi

import (
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
)

func (s *server) listIndexes(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	infos, err := backend.Indexes(r.Context(), collection)
	if err != nil {
		return err
	}
	answers := make([]any, len(infos))
	for i, info := range infos {
		answers[i] = api.IndexInfo(info)
	}
	return inBSON(w, r, answers...)
}

func (s *server) createIndex(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err != nil {
		return err
	}
	var asked api.IndexInfo
	if err := receive(r, &asked); err != nil {
		return err
	}
	index, err := query.NewIndex(asked.Name, orEmpty(asked.Keys))
	if err != nil {
		return err
	}
	if asked.Unique {
		index.Unique = query.UniqueKeys
	}
	if asked.Partial != nil {
		if index.Partial, err = query.ParseFilter(asked.Partial); err != nil {
			return err
		}
	}
	return done(w, backend.CreateIndex(r.Context(), collection, index))
}

func (s *server) dropIndex(w http.ResponseWriter, r *http.Request) error {
	backend, collection, err := s.wholeBackend(r)
	if err == nil {
		err = backend.DropIndex(r.Context(), collection, r.URL.Query().Get("name"))
	}
	return done(w, err)
}

// orEmpty is the document that one that was left out stands for.
func orEmpty(doc bson.Raw) bson.Raw {
	if doc == nil {
		return bson.Raw{5, 0, 0, 0, 0}
	}
	return doc
}
