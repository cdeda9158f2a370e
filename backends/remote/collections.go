package remote

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Collections is taskdb.Backend's.
func (s *Store) Collections(ctx context.Context) ([]string, error) {
	var told api.Collections
	call := client.Call{Method: http.MethodGet, Path: []string{"v1", "collections"}, Header: http.Header{"Accept": {api.MediaBSON}}, Again: true}
	err := s.answer(ctx, call, &told)
	return told.Collections, err
}

// Drop is taskdb.Backend's.
func (s *Store) Drop(ctx context.Context, collection string) error {
	return s.do(ctx, at(http.MethodDelete, collection, "", nil), nil)
}

// Stats is taskdb.Backend's.
func (s *Store) Stats(ctx context.Context, collection string) (taskdb.Stats, error) {
	var told api.CollectionStats
	if err := s.answer(ctx, at(http.MethodGet, collection, "stats", nil), &told); err != nil {
		return taskdb.Stats{}, err
	}
	return taskdb.Stats{
		Records: told.Records, Bytes: told.Bytes, Culled: told.Culled, Lost: told.Lost,
		FileBytes: told.FileBytes, FreeBytes: told.FreeBytes,
		Bounds: taskdb.Bounds{
			Records: told.Bounds.Records, Bytes: told.Bounds.Bytes, Cull: told.Bounds.Cull,
			LostAfter: time.Duration(told.Bounds.LostAfter) * time.Millisecond,
		},
	}, nil
}

// Indexes is taskdb.Backend's.
func (s *Store) Indexes(ctx context.Context, collection string) (infos []taskdb.IndexInfo, err error) {
	err = s.do(ctx, at(http.MethodGet, collection, "indexes", nil), func(r *bufio.Reader) error {
		for {
			var told api.IndexInfo
			if err := next(r, &told); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			infos = append(infos, taskdb.IndexInfo(told))
		}
	})
	return infos, err
}

// CreateIndex is taskdb.Backend's.
func (s *Store) CreateIndex(ctx context.Context, collection string, index *query.Index) error {
	sent := api.IndexInfo{Name: index.Name, Keys: index.KeyPattern(), Unique: index.Unique == query.UniqueKeys}
	if index.Partial != nil {
		sent.Partial = index.Partial.Source()
	}
	call, err := sending(collection, "indexes", nil, sent)
	if err != nil {
		return err
	}
	call.Again = true // one that is there already is left as it is
	return s.do(ctx, call, nil)
}

// DropIndex is taskdb.Backend's.
func (s *Store) DropIndex(ctx context.Context, collection, name string) error {
	return s.do(ctx, at(http.MethodDelete, collection, "indexes", url.Values{"name": {name}}), nil)
}

// Compact is taskdb.Compacter's.
func (s *Store) Compact(ctx context.Context) (taskdb.Compaction, error) {
	var told api.Compaction
	call := client.Call{Method: http.MethodPost, Path: []string{"v1", "compact"}, Header: http.Header{"Accept": {api.MediaBSON}}}
	err := s.answer(ctx, call, &told)
	return taskdb.Compaction(told), err
}
