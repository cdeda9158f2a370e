package mongowire

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
)

func insert(ctx context.Context, r *request) (bson.D, error) {
	return bulk(ctx, r, command.ParseInsert)
}

func update(ctx context.Context, r *request) (bson.D, error) {
	return bulk(ctx, r, command.ParseUpdate)
}

// remove carries out the command delete.
func remove(ctx context.Context, r *request) (bson.D, error) {
	return bulk(ctx, r, command.ParseDelete)
}

// bulk carries out a command of several writes. What became of each is in the reply.
func bulk(ctx context.Context, r *request, parse func(command.Command) (command.Bulk, error)) (bson.D, error) {
	b, err := parse(r.command)
	if err != nil {
		return nil, err
	}
	db, err := r.collection(b.Collection)
	if err != nil {
		return nil, err
	}
	for _, hint := range b.Hints {
		if err := checkHint(ctx, db, hint); err != nil {
			return nil, err
		}
	}
	outcomes, err := db.Bulk(ctx, b.Ordered, b.Operations...)
	if err != nil {
		return nil, err
	}
	return b.Reply(outcomes), nil
}

// findAndModify carries out the command of this name.
func findAndModify(ctx context.Context, r *request) (bson.D, error) {
	m, err := command.ParseFindAndModify(r.command)
	if err != nil {
		return nil, err
	}
	db, err := r.collection(m.Collection)
	if err != nil {
		return nil, err
	}
	if err := checkHint(ctx, db, m.Hint); err != nil {
		return nil, err
	}
	outcome, err := db.FindAndModify(ctx, m.Operation, m.Found)
	if err != nil {
		return nil, err
	}
	return m.Reply(outcome), nil
}
