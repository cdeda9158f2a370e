package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskdb/taskdb/internal/settings"
	"github.com/taskdb/taskdb/server"
	"github.com/taskdb/taskdb/server/demo"
	"github.com/taskdb/taskdb/server/page"
	"github.com/taskdb/taskdb/taskdb"
)

const serveLong = `Serve runs a hub on a store: schedulers submit tasks to it, engines take them and
bring the results, clients ask, and operators look at its page. It is the one process
that writes to the store; who else wants to goes through it.

It answers HTTP and, with --mongo, the clients of MongoDB. As long as there are no users
everybody may do everything, and it listens on addresses of this machine alone; "taskdb
user add" makes the first one. docs/serve.md tells how to run a hub for others.

An interrupt, or the signal TERM, stops it: it listens no more, answers those who wait,
and lets the requests under way end.`

const serveExample = `  taskdb serve
  taskdb serve --demo
  taskdb serve --store sqlite:/var/lib/taskdb/tasks.db --mongo 127.0.0.1:27017
  taskdb serve --http 0.0.0.0:4417 --tls-cert hub.pem --tls-key hub-key.pem`

// serveFlags say how to serve.
type serveFlags struct {
	store   storeFlags
	options server.Options
	users   usersFlag
	log     logFlags
	traces  string
	demo    bool
}

func (p *program) serveCommand() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run a hub: take tasks in, hand them to engines, keep the results",
		Long:    serveLong,
		Example: serveExample,
		Args:    noArguments,
	}
	flags.register(cmd)
	cmd.RunE = p.action(func(ctx context.Context, _ []string) error {
		if err := flags.check(cmd); err != nil {
			return err
		}
		return p.serve(ctx, &flags)
	})
	return cmd
}

func (f *serveFlags) register(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	f.store.which.registerWithoutHub(cmd, "sqlite:FILE, mongodb://HOST/ or dict:")
	f.store.registerCollection(cmd)
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags = false
	o := &f.options
	own.StringVar(&o.HTTP, "http", "127.0.0.1:4417", "answer HTTP at this `ADDRESS`; empty is not at all")
	own.StringVar(&o.Mongo, "mongo", "", "answer MongoDB's clients at this `ADDRESS`, as 127.0.0.1:27017 (default not at all)")
	own.BoolVar(&o.Insecure, "insecure", false, "let everybody do everything, from other machines too, as long as there are no users")
	own.StringVar(&o.CertFile, "tls-cert", "", "encrypt connections, with the certificate in the PEM `FILE`; it is read again when it changes")
	own.StringVar(&o.KeyFile, "tls-key", "", "the certificate's key, in the PEM `FILE`")
	own.DurationVar(&o.StopTimeout, "stop-timeout", 10*time.Second, "how long requests under way have to end when the hub stops")
	own.DurationVar(&o.Hub.Lease, "lease", time.Minute, "how long an engine has a task if it neither renews its lease nor says for how long")
	own.Int64Var(&o.Limits.Body, "max-body", 32<<20, "how many `BYTES` the body of a request may have")
	own.Int64Var(&o.Limits.Upload, "max-upload", 256<<20, "how many `BYTES` a request may have that sends buffers, or whole records")
	own.Int64Var(&o.Limits.Bodies, "max-bodies", 1<<30, "how many `BYTES` of bodies, and as many of answers, may be in memory at a time")
	own.DurationVar(&o.Limits.Time, "max-time", 30*time.Second, "how long a request may take, but for waiting and sending")
	own.DurationVar(&o.Limits.Wait, "max-wait", time.Minute, "how long a request may wait for something to happen")
	own.IntVar(&o.Limits.Running, "max-running", 64, "how many requests are carried out at a time")
	own.IntVar(&o.Limits.Waiting, "max-waiting", 2048, "how many requests may wait, or send an answer, at a time")
	own.IntVar(&o.MaxConnections, "max-connections", 4096, "how many connections each address has at a time")
	own.IntVar(&o.MaxPeerConnections, "max-peer-connections", 1024, "how many of them one peer has")
	own.Int64Var(&o.Limits.Examined, "max-examined", 5_000_000, "how many records a query may look at")
	own.StringVar(&f.traces, "otlp-endpoint", "", "send traces to the collector of OpenTelemetry at this `URL` (default as OTEL_EXPORTER_OTLP_ENDPOINT says, if it is set)")
	f.log.register(own)
	own.VisitAll(func(flag *pflag.Flag) {
		cmd.Flags().AddFlag(flag)
		settings.Let(cmd.Flags(), "serve", flag.Name)
	})
	f.users.register(cmd)
	cmd.Flags().BoolVar(&f.demo, "demo", false, "serve a store in memory, with a few simulated engines at work")
}

// check refuses what makes no sense together.
func (f *serveFlags) check(cmd *cobra.Command) error {
	o := &f.options
	switch {
	case o.HTTP == "" && o.Mongo == "":
		return usage("say --http or --mongo", "there is no address to answer at")
	case (o.CertFile == "") != (o.KeyFile == ""):
		return usage("say --tls-cert and --tls-key", "a certificate and its key go together")
	}
	for _, name := range []string{"store", "store-type", "store-path", "node"} {
		if f.demo && cmd.Flags().Changed(name) {
			return usage("leave one of them out", "--demo has a store of its own, and --%s names another", name)
		}
	}
	return f.checkLimits(cmd)
}

// checkLimits refuses limits that nothing keeps within.
func (f *serveFlags) checkLimits(cmd *cobra.Command) error {
	limits := &f.options.Limits
	for _, limit := range []struct {
		name  string
		value int64
	}{
		{"stop-timeout", int64(f.options.StopTimeout)}, {"lease", int64(f.options.Hub.Lease)},
		{"max-body", limits.Body}, {"max-upload", limits.Upload}, {"max-bodies", limits.Bodies}, {"max-time", int64(limits.Time)}, {"max-wait", int64(limits.Wait)},
		{"max-running", int64(limits.Running)}, {"max-waiting", int64(limits.Waiting)}, {"max-examined", limits.Examined},
		{"max-connections", int64(f.options.MaxConnections)}, {"max-peer-connections", int64(f.options.MaxPeerConnections)},
	} {
		if limit.value <= 0 {
			return usage("want more than 0", "wrong --%s: %s", limit.name, cmd.Flags().Lookup(limit.name).Value)
		}
	}
	return nil
}

// demoStore keeps the last tasks of a demonstration.
const demoStore = "dict:?max_records=20000"

// serve runs a hub until the context ends.
func (p *program) serve(ctx context.Context, flags *serveFlags) error {
	at, err := flags.store.locate()
	if flags.demo {
		at, err = locate("--demo", demoStore)
	}
	if err == nil && at.isHub() {
		err = usage("name a store: --store URL", "a hub serves a store, and not another hub: %s", at)
	}
	if err != nil {
		return err
	}
	if at.url.Scheme == "nodb" {
		return usage("take another store", "a hub keeps tasks, and %s keeps nothing", at)
	}
	return at.write(ctx, p, func(db *taskdb.DB) error { return p.serveStore(ctx, flags, at, db.In(flags.store.collection)) })
}

// serveStore serves a store that is open.
func (p *program) serveStore(ctx context.Context, flags *serveFlags, at location, db *taskdb.DB) (err error) {
	options := flags.options
	if options.Log, err = flags.log.open(p.stderr); err != nil {
		return err
	}
	if options.Users, err = flags.users.open(options.Log); err != nil {
		return err
	}
	options.Version, options.Page = moduleVersion(), page.Handler()
	if flags.traces != "" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" {
		traces, err := server.OpenTraces(ctx, flags.traces, options.Version, options.Log)
		if err != nil {
			return fmt.Errorf("open traces: %w", err)
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), options.StopTimeout)
			defer cancel()
			err = errors.Join(err, traces.Shutdown(ctx))
		}()
		options.Traces = traces
	}
	hub, err := server.Open(ctx, db, options)
	if err != nil {
		return whyNotServed(err)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // which would end the program
	defer signal.Stop(hangups)
	fmt.Fprintln(p.stdout, whereabouts(hub, at))
	options.Log.Info("the hub serves", "http", hub.URL(), "mongo", hub.MongoURL(), "store", at.String(), "users_required", options.Users.Required())
	ctx, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	working.Go(func() { ignore(ctx, hangups, options.Log) })
	if flags.demo {
		working.Go(func() { demo.Run(ctx, hub.Hub()) })
	}
	err = hub.Serve(ctx)
	stop()
	working.Wait()
	options.Log.Info("the hub has stopped")
	return err
}

// whyNotServed adds to an error what to do about it.
func whyNotServed(err error) error {
	var wrong *net.AddrError
	var unknown *net.DNSError
	switch {
	case errors.Is(err, server.ErrExposed):
		return &hinted{err, "make the first user: taskdb user add NAME --role operate; or, if you must: --insecure"}
	case errors.Is(err, syscall.EADDRINUSE):
		return &hinted{err, "another program listens there, maybe a hub; take another address: --http, --mongo"}
	case errors.As(err, &wrong), errors.As(err, &unknown):
		return &hinted{err, "want HOST:PORT, as 127.0.0.1:4417"}
	}
	return err
}

// ignore says of each hangup that there is nothing to do, until the context ends.
func ignore(ctx context.Context, hangups <-chan os.Signal, log *slog.Logger) {
	for {
		select {
		case <-hangups:
			log.Info("SIGHUP: users and certificates are read again by themselves, as soon as they change")
		case <-ctx.Done():
			return
		}
	}
}

// whereabouts is the line that says where things are.
func whereabouts(hub *server.Server, at location) string {
	line := "taskdb serves the store " + at.String()
	if url := hub.URL(); url != "" {
		line += " with its page at " + url
	}
	if url := hub.MongoURL(); url != "" {
		line += " for MongoDB's clients at " + url
	}
	return line
}
