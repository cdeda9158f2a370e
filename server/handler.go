package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// handler answers HTTP: the API with the page, and the metrics.
func (s *Server) handler(db *taskdb.DB) (http.Handler, error) {
	options := httpapi.Options{
		AnyHost: s.options.Insecure,
		Logger:  s.options.Log,
		Limits:  s.options.Limits,
		Refusal: refusalOf,
		Stop:    s.stopping,
		Observe: s.observeRequest,
		Page:    s.options.Page,
		Metrics: promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}),
		Version: s.options.Version,
	}
	if s.options.Users != nil { // or there would be users, who are nil
		options.Users = s.options.Users
	}
	api, err := httpapi.New(s.hub, db, options)
	if err != nil || s.options.Traces == nil {
		return api, err
	}
	return otelhttp.NewHandler(api, "request",
		otelhttp.WithTracerProvider(s.options.Traces),
		otelhttp.WithMeterProvider(metricnoop.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/metrics" })), nil
}

// observeRequest counts a request, and gives its span the name of the route.
func (s *Server) observeRequest(ctx context.Context, o httpapi.Observation) {
	s.metrics.observeRequest(o)
	if o.Route != "" {
		trace.SpanFromContext(ctx).SetName(o.Route)
	}
}

// wireOptions say how MongoDB's clients are answered.
func (s *Server) wireOptions() mongowire.Options {
	options := mongowire.Options{
		Insecure:           s.options.Insecure,
		TLS:                s.tls(),
		MaxConnections:     s.options.MaxConnections,
		MaxPeerConnections: s.options.MaxPeerConnections,
		StopTimeout:        s.options.StopTimeout,
		Log:                s.options.Log,
		Observe:            s.metrics.observeCommand,
	}
	if s.options.Users != nil {
		options.Users = s.options.Users
	}
	return options
}
