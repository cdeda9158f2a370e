package server

import (
	"context"
	"time"
)

// tend tends the hub again and again. An error is logged when it comes, and when it
// has gone.
func (s *Server) tend(ctx context.Context) {
	every := time.NewTicker(s.options.TendEvery)
	defer every.Stop()
	var before string
	for ctx.Err() == nil {
		done, err := s.hub.Tend(ctx)
		s.metrics.observeTended(done)
		var now string
		if err != nil && ctx.Err() == nil {
			now = err.Error()
		}
		switch {
		case now == before:
		case now == "":
			s.options.Log.Info("the hub can be tended again")
		default:
			s.options.Log.Error("the hub could not be tended", "error", err)
		}
		before = now
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
}
