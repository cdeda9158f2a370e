package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/taskdb/taskdb/api"
)

// health registers the routes that tell about the server itself.
func (s *server) health() {
	register(s, operation("healthz", "GET /healthz", "The server runs"), s.healthz)
	register(s, operation("readyz", "GET /readyz", "The server can answer: it is not about to stop, and its store answers"), s.readyz)
	register(s, operation("metrics", "GET /metrics", "Figures, for Prometheus"), s.metrics)
	register(s, operation("openapi", "GET /openapi.json", "This description"), s.openAPI)
	register(s, operation("docs", "GET /docs", "This description, for people"), s.docs)
}

func (s *server) healthz(context.Context, *struct{}) (*struct{}, error) { return nil, nil }

// metrics tells of the tasks of all.
func (s *server) metrics(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	switch err := unbound(ctx); {
	case err != nil:
		return nil, err
	case s.options.Metrics == nil:
		return nil, newProblem(http.StatusNotFound, api.KindNoRoute, "there are no metrics")
	}
	return s.raw(s.options.Metrics.ServeHTTP), nil
}

func (s *server) openAPI(context.Context, *struct{}) (*huma.StreamResponse, error) {
	return s.raw(func(w http.ResponseWriter, r *http.Request) {
		text, err := json.Marshal(s.api.OpenAPI())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // it fails if the client is gone
	}), nil
}

func (s *server) docs(context.Context, *struct{}) (*huma.StreamResponse, error) {
	return s.raw(s.writeDocs), nil
}
