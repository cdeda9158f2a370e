// Command ferretdb is a server of MongoDB's wire protocol for tests, where there
// is no MongoDB: FerretDB, which keeps its data in SQLite. It is called with the
// folder that the data goes to:
//
//	ferretdb /tmp/data
//
// It listens on a free port of 127.0.0.1 and prints its URL as a line. It ends on
// SIGTERM, or when its standard input ends, so that it does not outlive the
// process that started it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("want one argument: the folder that the data goes to")
	}
	folder, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:  "sqlite",
		// Tests have nothing to do with the loss of power.
		SQLiteURL: "file:" + folder + "/?_pragma=synchronous(off)",
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		// What comes does not matter, only that it ends.
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	fmt.Println(server.MongoDBURI())
	return server.Run(ctx)
}
