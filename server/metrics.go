package server

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/server/peers"
	"github.com/taskdb/taskdb/taskdb"
)

// metrics are what a server tells of itself, in a registry of its own.
type metrics struct {
	registry *prometheus.Registry

	requests     *prometheus.CounterVec // by route and code
	requestTime  *prometheus.HistogramVec
	requestBytes *prometheus.CounterVec
	commands     *prometheus.CounterVec // by command and code
	commandTime  *prometheus.HistogramVec
	operations   *prometheus.CounterVec // by operation and outcome
	storeTime    *prometheus.HistogramVec
	events       *prometheus.CounterVec // by kind and state
	missed       prometheus.Counter
	tended       *prometheus.CounterVec // by what was done
}

// durations are the buckets of times, in seconds: from a read in memory to a request
// that waits.
var durations = []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30}

func newMetrics(version string) *metrics {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	with := promauto.With(registry)
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return with.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	times := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return with.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durations}, labels)
	}
	with.NewGauge(prometheus.GaugeOpts{
		Name: "taskdb_build_info", Help: "Is 1, with the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	}).Set(1)
	m := &metrics{
		registry:     registry,
		requests:     counters("taskdb_http_requests_total", "HTTP requests that were answered.", "method", "route", "code"),
		requestTime:  times("taskdb_http_request_seconds", "How long HTTP requests took, with what they waited for.", "method", "route"),
		requestBytes: counters("taskdb_http_response_bytes_total", "Bytes of the bodies that were sent over HTTP.", "method", "route"),
		commands:     counters("taskdb_mongo_commands_total", "Commands of MongoDB's clients; code 0 is no error.", "command", "code"),
		commandTime:  times("taskdb_mongo_command_seconds", "How long commands of MongoDB's clients took.", "command"),
		operations:   counters("taskdb_store_operations_total", "What the store was asked, and whether it could.", "operation", "outcome"),
		storeTime:    times("taskdb_store_operation_seconds", "How long the store took; a find lasts until its last record was taken.", "operation"),
		events:       counters("taskdb_task_events_total", "What happened to tasks: submitted, claimed, finished, requeued and others.", "event", "state"),
		missed:       with.NewCounter(prometheus.CounterOpts{Name: "taskdb_task_events_missed_total", Help: "How often so much happened at once that some events are not counted."}),
		tended:       counters("taskdb_hub_tended_total", "What time or a crash made necessary: leases lost for good and requeued, tasks timed out, woken, settled, mended.", "what"),
	}
	m.observeTended(hub.Tended{}) // what never happened is 0
	return m
}

func (m *metrics) observeRequest(o httpapi.Observation) {
	method, route, _ := strings.Cut(o.Route, " ")
	if route == "" {
		method, route = "", "other" // any path: not to be a label
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(o.Status)).Inc()
	m.requestTime.WithLabelValues(method, route).Observe(o.Took.Seconds())
	m.requestBytes.WithLabelValues(method, route).Add(float64(o.Bytes))
}

func (m *metrics) observeCommand(command string, took time.Duration, code int) {
	m.commands.WithLabelValues(command, strconv.Itoa(code)).Inc()
	m.commandTime.WithLabelValues(command).Observe(took.Seconds())
}

// observeStore is a taskdb.Observer.
func (m *metrics) observeStore(ctx context.Context, operation, _ string) (context.Context, func(error)) {
	began := time.Now()
	return ctx, func(err error) {
		m.operations.WithLabelValues(operation, outcome(err)).Inc()
		m.storeTime.WithLabelValues(operation).Observe(time.Since(began).Seconds())
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, taskdb.ErrNotFound):
		return "not_found"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return "error"
}

// watchDoors adds how many connections there are, and what MongoDB's clients hold.
func (m *metrics) watchDoors(http *peers.Gate, mongo *mongowire.Server) {
	with := promauto.With(m.registry)
	gauge := func(name, help string, value func() int) {
		with.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	counter := func(name, help string, value func() int64) {
		with.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	gauge("taskdb_http_connections", "Connections of HTTP.", http.Connections)
	counter("taskdb_http_connections_refused_total", "Connections of HTTP that were too many, in all or with their peers.", http.Refused)
	gauge("taskdb_mongo_connections", "Connections of MongoDB's clients.", mongo.Connections)
	counter("taskdb_mongo_connections_refused_total", "Connections of MongoDB's clients that were too many, in all or with their peers.", mongo.Refused)
	gauge("taskdb_mongo_cursors", "Open cursors of MongoDB's clients.", mongo.Cursors)
}

func (m *metrics) observeTended(t hub.Tended) {
	for what, n := range map[string]int{
		"requeued": t.Requeued, "lost": t.Lost, "timed_out": t.TimedOut, "woken": t.Woken, "settled": t.Settled, "mended": t.Mended,
	} {
		m.tended.WithLabelValues(what).Add(float64(n))
	}
}

// countEvents counts what happens to tasks behind an event, until the context, or the hub's waits, end.
func (m *metrics) countEvents(ctx context.Context, h *hub.Hub, after string) {
	for {
		for event, err := range h.Watch(ctx, after) {
			switch {
			case errors.Is(err, hub.ErrMissed):
				m.missed.Inc()
				after = h.LastEvent()
			case err != nil:
				return
			default:
				m.events.WithLabelValues(string(event.Kind), string(event.State)).Inc()
			}
		}
	}
}
