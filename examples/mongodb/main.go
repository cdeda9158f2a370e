// Command mongodb answers MongoDB's wire protocol over a store, until it is
// interrupted:
//
//	go run ./examples/mongodb sqlite:tasks.db 127.0.0.1:27017
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"

	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: mongodb STORE ADDRESS")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := serve(ctx, os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, store, address string) error {
	db, err := taskdb.Open(ctx, store)
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Printf("mongodb://%s/\n", listener.Addr())
	return mongowire.New(db, mongowire.Options{}).Serve(ctx, listener)
}
