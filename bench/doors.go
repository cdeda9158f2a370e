package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// doors are the ways to the tasks of two stores that have the same. One has a hub in a
// process of its own, the other is in this process.
type doors struct {
	hub    *served
	http   *client.Client
	driver *mongo.Client
	wire   *mongo.Collection

	db      *taskdb.DB
	library *hub.Hub
}

func (d *doors) open(ctx context.Context, o options, program, kind string, set taskSet) error {
	directory, err := os.MkdirTemp(o.dir, "hub-")
	if err != nil {
		return err
	}
	if d.hub, err = serve(ctx, program, kind, directory); err != nil {
		return err
	}
	if d.http, err = client.New(d.hub.http, client.Options{}); err != nil {
		return err
	}
	if d.driver, err = mongo.Connect(mongooptions.Client().ApplyURI(d.hub.mongo)); err != nil {
		return err
	}
	d.wire = d.driver.Database("ipython-tasks").Collection("task_records")
	if d.db, err = taskdb.Open(ctx, storeURL(kind, filepath.Join(directory, "library.db"))); err != nil {
		return err
	}
	if d.library, err = hub.Open(ctx, d.db, hub.Options{}); err != nil {
		return err
	}
	if _, err := load(ctx, d.db, set); err != nil {
		return err
	}
	return d.loadHub(ctx, set)
}

// loadHub adds all records to the hub's store.
func (d *doors) loadHub(ctx context.Context, set taskSet) error {
	batch := make([]bson.Raw, 0, loadBatch)
	send := func() error {
		_, err := d.wire.InsertMany(ctx, batch)
		batch = batch[:0]
		return err
	}
	err := set.each(func(doc bson.Raw) error {
		if batch = append(batch, doc); len(batch) < loadBatch {
			return nil
		}
		return send()
	})
	if err != nil || len(batch) == 0 {
		return err
	}
	return send()
}

func (d *doors) close(ctx context.Context) error {
	var errs []error
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.driver != nil {
		errs = append(errs, d.driver.Disconnect(ctx))
	}
	if d.hub != nil {
		_, err := d.hub.stop()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
