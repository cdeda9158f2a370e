package main

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// benchParsing measures what the figures leave out: reading filters, which are
// parsed beforehand. It notes the median time, from BSON and from text.
func benchParsing(ctx context.Context, o options, r *report) error {
	if !o.only.MatchString("parsing") {
		return nil
	}
	set := newTaskSet(o.records)
	for _, filter := range []struct {
		name string
		doc  bson.D
	}{
		{"{completed: null}", bson.D{{Key: "completed", Value: nil}}},
		{"{submitted: {$gte: …}, client_uuid: {$ne: …}}", bson.D{
			{Key: "submitted", Value: bson.D{{Key: "$gte", Value: set.submitted(0)}}},
			{Key: "client_uuid", Value: bson.D{{Key: "$ne", Value: set.clients[0]}}},
		}},
		{"{msg_id: {$in: [100 ids]}}", bson.D{{Key: "msg_id", Value: bson.D{{Key: "$in", Value: set.spread(100)}}}}},
	} {
		doc := bson.Raw(must(bson.Marshal(filter.doc)))
		fromBSON, err := parsingTime(ctx, o.rounds, doc)
		if err != nil {
			return err
		}
		fromText, err := parsingTime(ctx, o.rounds, string(must(jsonOf(filter.doc))))
		if err != nil {
			return err
		}
		r.note(fmt.Sprintf("Parsing `%s` takes %s µs from BSON, %s µs from text.", filter.name, number(fromBSON), number(fromText)))
	}
	return nil
}

// parsingTime returns the median of the microseconds that parsing a filter takes.
func parsingTime(ctx context.Context, rounds int, filter any) (float64, error) {
	parse := asker(func(context.Context, sink) error {
		_, err := query.Parse(filter)
		return err
	})
	times, err := parse.times(ctx)
	if err != nil {
		return 0, err
	}
	microseconds := make([]float64, rounds)
	for i := range microseconds {
		once, err := parse.timer(times)(ctx)
		if err != nil {
			return 0, err
		}
		microseconds[i] = float64(once) / float64(time.Microsecond)
	}
	return spreadOf(microseconds).median, nil
}
