// Command ferretdb is a server of MongoDB's wire protocol for tests, where there
// is no MongoDB: FerretDB, which keeps its data in SQLite. It is called with the
// folder that the data goes to, and the address to listen on:
//
//	ferretdb /tmp/data 127.0.0.1:0
//
// It prints its URL as a line, with the port that it was given if it asked for any.
// It ends on SIGTERM, or when its standard input ends, so that it does not outlive
// the process that started it.
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
	if len(os.Args) != 3 {
		return errors.New("want two arguments: the folder that the data goes to, and the address")
	}
	folder, err := filepath.Abs(os.Args[1])
	if err != nil {
		return err
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: os.Args[2]},
		// A handler that writes formats whole documents for messages that it leaves out.
		Logger:  slog.New(slog.DiscardHandler),
		Handler: "sqlite",
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
