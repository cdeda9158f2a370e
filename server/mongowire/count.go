package mongowire

import (
	"context"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var (
	countFields    = []string{"query", "limit", "skip", "hint", "collation", "fields"}
	distinctFields = []string{"key", "query", "hint", "collation"}
)

// count carries out the command of this name.
func count(ctx context.Context, r *request) (bson.D, error) {
	f := r.read(countFields...)
	db, q, err := r.countQuery(ctx, f)
	if err != nil {
		return nil, err
	}
	n, err := db.Count(ctx, q)
	if err != nil {
		return nil, err
	}
	return bson.D{{Key: "n", Value: number(n)}}, nil
}

// number is a count in the type that MongoDB gives it: a long only if it has to be.
func number(n int64) any {
	if n <= math.MaxInt32 {
		return int32(n)
	}
	return n
}

// countQuery reads what a count command counts, and of which collection.
func (r *request) countQuery(ctx context.Context, f *command.Fields) (*taskdb.DB, taskdb.Query, error) {
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, taskdb.Query{}, err
	}
	f.CheckCollation()
	filter, err := r.filter(f, "query", nil)
	if err != nil {
		return nil, taskdb.Query{}, err
	}
	limit := countLimit(f)
	if limit < 0 {
		limit = -limit // a count has no batches, which a limit below 0 is about
	}
	q := taskdb.Query{Filter: filter, Skip: f.Whole("skip"), Limit: limit}
	hint := f.Hint()
	if err := f.Err(); err != nil {
		return nil, q, err
	}
	return db, q, checkHint(ctx, db, hint)
}

// countLimit reads a count's limit, which MongoDB reads otherwise than other numbers.
func countLimit(f *command.Fields) int64 {
	v := f.Value("limit")
	if v.IsZero() {
		return 0
	}
	if !v.IsNumber() {
		f.Refuse(query.CodeBadValue, "limit", "limit value is not a valid number")
		return 0
	}
	n, isWhole := command.Truncated(v)
	switch {
	case !isWhole:
		f.Refuse(query.CodeFailedToParse, "limit", "limit value must be a whole number")
	case n == math.MinInt64:
		f.Refuse(query.CodeBadValue, "limit", "limit value for count cannot be min long")
	}
	return n
}

// distinct carries out the command of this name.
func distinct(ctx context.Context, r *request) (bson.D, error) {
	f := r.read(distinctFields...)
	db, path, filter, err := r.distinctQuery(ctx, f)
	if err != nil {
		return nil, err
	}
	values, err := db.Distinct(ctx, path, filter)
	if err != nil {
		return nil, err
	}
	list := bson.A{}
	for _, v := range values {
		list = append(list, v)
	}
	return bson.D{{Key: "values", Value: list}}, nil
}

// distinctQuery reads what a distinct command asks for, and of which collection.
func (r *request) distinctQuery(ctx context.Context, f *command.Fields) (*taskdb.DB, string, *query.Filter, error) {
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, "", nil, err
	}
	f.Required("key")
	f.CheckCollation()
	path := f.Text("key")
	filter, err := r.filter(f, "query", nil)
	if err != nil {
		return nil, "", nil, err
	}
	hint := f.Hint()
	if err := f.Err(); err != nil {
		return nil, "", nil, err
	}
	return db, path, filter, checkHint(ctx, db, hint)
}
