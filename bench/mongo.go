package main

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	mongooptions "go.mongodb.org/mongo-driver/v2/mongo/options"

	_ "github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

// mongoRecords is how many records the server has that stands in for MongoDB.
const mongoRecords = 500

// benchMongo measures what taskdb adds to a call of the driver. The server stands in
// for MongoDB in this process and answers at once, which no MongoDB does: what is added
// is a smaller part of a call to one.
func benchMongo(ctx context.Context, o options, r *report) (err error) {
	const name = "get, to a bare driver call"
	if !o.only.MatchString("mongo/" + name) {
		return nil
	}
	set := newTaskSet(mongoRecords)
	ids, server, err := standIn(set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	db, err := taskdb.Open(ctx, server.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	client, err := mongo.Connect(mongooptions.Client().ApplyURI(server.URL))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Disconnect(ctx)) }()

	ours := getRaw(ids).of(db)
	bare := func(ctx context.Context, out sink) error {
		tasks := client.Database("ipython-tasks").Collection("task_records")
		return each(ids, func(id string) error {
			doc, err := tasks.FindOne(ctx, bson.D{{Key: "msg_id", Value: id}}).Raw()
			out(doc)
			return err
		})
	}
	if err := compare(ctx, ours, bare, true); err != nil {
		return err
	}
	stop, err := o.startProfile()
	if err != nil {
		return err
	}
	ratio, err := race(ctx, o.rounds, ours.timer(1), asker(bare).timer(1))
	r.add(name, "mongo", ratio, atMost(1.05, ""))
	return errors.Join(err, stop())
}

// standIn returns a server that finds a record by its msg_id.
func standIn(set taskSet) (ids []string, server *mongotest.StandIn, err error) {
	replies := map[string]bson.Raw{}
	err = set.each(func(doc bson.Raw) error {
		id := doc.Lookup("msg_id").StringValue()
		ids = append(ids, id)
		replies[id], err = bson.Marshal(bson.D{
			{Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: taskdb.DefaultCollection}, {Key: "firstBatch", Value: bson.A{doc}}}},
			{Key: "ok", Value: 1.0},
		})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	server, err = mongotest.NewStandIn(func(command bson.Raw) any {
		asked := command.Lookup("filter", "msg_id")
		if condition, ok := asked.DocumentOK(); ok {
			asked = condition.Lookup("$eq")
		}
		return replies[asked.StringValue()]
	})
	return ids, server, err
}
