package remote

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/taskdb/taskdb/taskdb"
)

// OpenBuffer is taskdb.Backend's. The buffer is read by the context, in pieces, each
// of which asks the server for it.
func (s *Store) OpenBuffer(ctx context.Context, collection, msgID, key string, n int) (taskdb.Buffer, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.calls.Done()
	call := at(http.MethodGet, collection, "buffer", url.Values{"msg_id": {msgID}, "key": {key}, "n": {strconv.Itoa(n)}})
	call.Header = nil
	buffer, err := s.client.Open(ctx, call)
	if err != nil {
		return nil, err
	}
	return buffer, nil
}
