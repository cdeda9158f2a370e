// Package server runs a hub as a service: it listens, has the doors of
// server/httpapi and server/mongowire answer, tends the hub, and stops without
// breaking off what it was asked.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/server/peers"
	"github.com/taskdb/taskdb/taskdb"
)

// Options say where and how to serve.
type Options struct {
	// HTTP and Mongo are the addresses, as "127.0.0.1:4417", of the HTTP API with the
	// page and of MongoDB's wire protocol. Empty is none; port 0 is any that is free.
	HTTP, Mongo string
	// Users are those who may ask. As long as their file has none, or without a file, as
	// nil is, everybody may do everything, and only loopback addresses are served.
	Users *access.Users
	// Insecure serves other addresses too without users.
	Insecure bool
	// CertFile and KeyFile have the certificate for TLS, and its key, in PEM. Without
	// them connections are not encrypted.
	CertFile, KeyFile string
	// StopTimeout is how long requests under way have to end when the server stops;
	// 0 is ten seconds.
	StopTimeout time.Duration
	// MaxConnections is how many connections each of the doors has at a time, and
	// MaxPeerConnections how many of them with one peer; 0 is 4,096, and 1,024. Others
	// are told that there are too many, and closed.
	MaxConnections, MaxPeerConnections int
	// TendEvery is how often the hub is tended; 0 is a second.
	TendEvery time.Duration

	// Hub says how the hub works, and Limits what a request may cost.
	Hub    hub.Options
	Limits httpapi.Limits
	// Page answers at /; nil is nothing.
	Page http.Handler
	// Version is that of the program.
	Version string
	// Log is told what happens.
	Log *slog.Logger
	// Traces get spans of requests, and of what they ask of the store; nil is none.
	Traces trace.TracerProvider
}

func (o Options) withDefaults() Options {
	if o.StopTimeout == 0 {
		o.StopTimeout = 10 * time.Second
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 4096
	}
	if o.MaxPeerConnections == 0 {
		o.MaxPeerConnections = 1024
	}
	if o.TendEvery == 0 {
		o.TendEvery = time.Second
	}
	return o
}

// ErrExposed says that an address can be reached from elsewhere, and that nobody is
// asked who he is.
var ErrExposed = errors.New("it can be reached from other machines, and there are no users")

// Server serves a hub. It is made by Open, and used once.
type Server struct {
	options  Options
	hub      *hub.Hub
	metrics  *metrics
	stopping chan struct{}

	gate         *peers.Gate // of HTTP
	http         *http.Server
	mongo        *mongowire.Server
	httpListener net.Listener // nil if this door stays closed; so is the next
	wireListener net.Listener
	certificate  *certificate // nil without TLS
}

// Open opens a hub on a collection of a store and listens; Serve then answers. The
// store stays the caller's, who closes it when Serve has returned. The error is
// ErrExposed for an address that is not to be served.
func Open(ctx context.Context, db *taskdb.DB, options Options) (*Server, error) {
	s := &Server{options: options.withDefaults(), metrics: newMetrics(options.Version), stopping: make(chan struct{})}
	s.gate = peers.NewGate(peers.Limits{All: s.options.MaxConnections, Peer: s.options.MaxPeerConnections})
	db = db.Observed(s.metrics.observeStore)
	if s.options.Traces != nil {
		db = db.Observed(storeSpans(s.options.Traces))
	}
	var err error
	if s.hub, err = hub.Open(ctx, db, options.Hub); err != nil {
		return nil, err
	}
	s.metrics.watchStore(db, s.options.Log)
	if options.CertFile != "" || options.KeyFile != "" {
		if s.certificate, err = openCertificate(options.CertFile, options.KeyFile, s.options.Log); err != nil {
			return nil, err
		}
	}
	if err := s.build(db); err != nil {
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		return nil, errors.Join(err, s.closeListeners())
	}
	return s, nil
}

// build makes what answers at the doors.
func (s *Server) build(db *taskdb.DB) error {
	handler, err := s.handler(db)
	if err != nil {
		return err
	}
	s.http = &http.Server{
		Handler:           handler,
		ConnContext:       withPass,
		TLSConfig:         s.tls(),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		HTTP2:             &http.HTTP2Config{WriteByteTimeout: stallTime},
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug), // what clients do wrong
	}
	s.mongo = mongowire.New(s.hub.Overheard(db), s.wireOptions())
	s.metrics.watchDoors(s.gate, s.mongo)
	return nil
}

func (s *Server) tls() *tls.Config {
	if s.certificate == nil {
		return nil
	}
	return s.certificate.config()
}

// Hub returns the hub that is served.
func (s *Server) Hub() *hub.Hub { return s.hub }

// URL returns where the page and the HTTP API are, or empty.
func (s *Server) URL() string {
	if s.httpListener == nil {
		return ""
	}
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s/", scheme, s.httpListener.Addr())
}

// MongoURL returns where MongoDB's clients connect to, or empty.
func (s *Server) MongoURL() string {
	if s.wireListener == nil {
		return ""
	}
	options := ""
	if s.certificate != nil {
		options = "?tls=true"
	}
	return fmt.Sprintf("mongodb://%s/%s", s.wireListener.Addr(), options)
}

// Serve answers until the context ends or a listener fails. Then it listens no more,
// answers those who wait for something to happen, and lets the requests under way
// end, for Options.StopTimeout; what is left by then is broken off. When it returns
// nothing of it is left.
func (s *Server) Serve(ctx context.Context) error {
	keeping, end := context.WithCancel(context.WithoutCancel(ctx))
	var keepers sync.WaitGroup
	keepers.Go(func() { s.tend(keeping) })
	last := s.hub.LastEvent()
	keepers.Go(func() { s.metrics.countEvents(keeping, s.hub, last) })

	doors, ctx := errgroup.WithContext(ctx)
	doors.Go(func() error {
		<-ctx.Done()
		close(s.stopping)
		return nil
	})
	if s.httpListener != nil {
		doors.Go(func() error { return s.serveHTTP(ctx) })
	}
	if s.wireListener != nil {
		doors.Go(func() error { return s.mongo.Serve(ctx, s.wireListener) })
	}
	err := doors.Wait()
	end()
	keepers.Wait()
	return err
}

// serveHTTP serves HTTP until the context ends.
func (s *Server) serveHTTP(ctx context.Context) error {
	stopped := make(chan error, 1)
	stopping := context.AfterFunc(ctx, func() { stopped <- s.stopHTTP(context.WithoutCancel(ctx)) })
	var err error
	if s.certificate != nil {
		err = s.http.ServeTLS(s.httpListener, "", "")
	} else {
		err = s.http.Serve(s.httpListener)
	}
	if stopping() { // nobody asked it to
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return <-stopped
}

// stopHTTP lets the requests under way end, and breaks off what takes too long.
func (s *Server) stopHTTP(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.StopTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.options.Log.Warn("requests were broken off, since they did not end in time", "stop_timeout", s.options.StopTimeout.String())
	return s.http.Close()
}
