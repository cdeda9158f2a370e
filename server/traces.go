package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskdb/taskdb/taskdb"
)

// OpenTraces returns what sends spans to a collector of OpenTelemetry: below an
// endpoint, as http://localhost:4318, or, if that is empty, where
// OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of OpenTelemetry's specification
// say. It has to be shut down.
func OpenTraces(ctx context.Context, endpoint, version string, log *slog.Logger) (*sdktrace.TracerProvider, error) {
	var options []otlptracehttp.Option
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("the collector's endpoint is no URL of HTTP: %q", endpoint)
		}
		options = append(options, otlptracehttp.WithEndpointURL(u.JoinPath("v1", "traces").String()))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "taskdb"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(logged{exporter, log}), sdktrace.WithResource(about)), nil
}

// logged is an exporter whose errors go to the server's log: what the library does
// with them is for the whole process.
type logged struct {
	sdktrace.SpanExporter
	log *slog.Logger
}

// ExportSpans sends spans.
func (l logged) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := l.SpanExporter.ExportSpans(ctx, spans); err != nil {
		l.log.Warn("spans could not be sent", "spans", len(spans), "error", err)
	}
	return nil
}

// storeSpans has a span for each operation of a store that is a part of a trace. What
// the hub does by itself is none.
func storeSpans(traces trace.TracerProvider) taskdb.Observer {
	tracer := traces.Tracer("github.com/taskdb/taskdb/server")
	return func(ctx context.Context, operation, collection string) (context.Context, func(error)) {
		if !trace.SpanContextFromContext(ctx).IsValid() {
			return ctx, func(error) {}
		}
		ctx, span := tracer.Start(ctx, "store "+operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			attribute.String("db.system.name", "taskdb"),
			attribute.String("db.operation.name", operation),
			attribute.String("db.collection.name", collection),
		))
		return ctx, func(err error) {
			if err != nil && !errors.Is(err, taskdb.ErrNotFound) {
				span.SetStatus(codes.Error, err.Error())
			}
			span.End()
		}
	}
}
