package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// buffers registers the route of single buffers.
func (s *server) buffers() {
	op := operation("get-buffer", "GET /v1/tasks/{msg_id}/buffers/{key}/{n}", "The bytes of a buffer, or a range of them")
	bytes := &huma.Schema{Type: huma.TypeString, ContentEncoding: "binary"}
	content := map[string]*huma.MediaType{"application/octet-stream": {Schema: bytes}}
	op.Responses = map[string]*huma.Response{
		"200": {Description: "OK", Content: content},
		"206": {Description: "A range", Content: content},
		"416": {Description: "There is no such range"},
	}
	register(s, op, s.buffer)
}

type bufferRequest struct {
	MsgID string `path:"msg_id"`
	Key   string `path:"key" enum:"buffers,result_buffers"`
	N     int    `path:"n" minimum:"0" maximum:"2147483647" doc:"Which of them, from 0."`
}

func (s *server) buffer(ctx context.Context, in *bufferRequest) (*huma.StreamResponse, error) {
	if err := s.mayTouch(ctx, in.MsgID); err != nil {
		return nil, err
	}
	return s.raw(func(w http.ResponseWriter, r *http.Request) {
		buffer, err := s.db.OpenBuffer(r.Context(), in.MsgID, in.Key, in.N)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer buffer.Close()
		if err := wait(r.Context()); err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", fmt.Sprintf("%s-%d", in.Key, in.N)))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, buffer)
	}), nil
}
