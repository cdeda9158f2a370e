package mongowire_test

import (
	"fmt"
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// dice draw random documents and commands. With the same seed they are the same. They
// draw nothing that ends FerretDB, as some wrong operands do.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0))} }

// one draws one of several.
func one[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }

// chance is true once in so many times.
func (d dice) chance(in int) bool { return d.IntN(in) == 0 }

func (d dice) scalar() any {
	return one[any](d, nil, false, true, int32(0), int32(1), int32(2), int64(3), 1.5, 2.0, "", "a", "ab", "b", bson.DateTime(0), bson.DateTime(1000))
}

func (d dice) value() any {
	switch d.IntN(8) {
	case 0:
		return d.array()
	case 1:
		return bson.D{{Key: one(d, "a", "b"), Value: d.scalar()}}
	}
	return d.scalar()
}

func (d dice) array() bson.A {
	array := bson.A{}
	for range d.IntN(4) {
		array = append(array, d.scalar())
	}
	return array
}

func (d dice) key() string { return one(d, "x", "y", "z", "tags") }

func (d dice) path() string { return one(d, "x", "y", "z", "tags", "z.a", "_id") }

func (d dice) document(id int) bson.D {
	doc := bson.D{{Key: "_id", Value: int32(id)}}
	for _, key := range []string{"x", "y", "z"} {
		if !d.chance(4) {
			doc = append(doc, bson.E{Key: key, Value: d.value()})
		}
	}
	if d.chance(2) {
		doc = append(doc, bson.E{Key: "tags", Value: d.array()})
	}
	return doc
}

func (d dice) condition() any {
	switch d.IntN(9) {
	case 0, 1:
		return d.scalar()
	case 2, 3:
		return bson.D{{Key: one(d, "$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), Value: d.scalar()}}
	case 4:
		return bson.D{{Key: one(d, "$in", "$nin", "$all"), Value: append(d.array(), d.scalar())}}
	case 5:
		return bson.D{{Key: "$exists", Value: d.chance(2)}}
	case 6:
		return bson.D{{Key: "$type", Value: one(d, "int", "string", "array", "number", "null", "date", "frob")}}
	case 7:
		return one(d, bson.D{{Key: "$size", Value: d.IntN(3)}}, bson.D{{Key: "$mod", Value: bson.A{2, d.IntN(2)}}},
			bson.D{{Key: "$regex", Value: one(d, "^a", "b$")}}, bson.D{{Key: "$frob", Value: 1}})
	}
	return bson.D{{Key: "$not", Value: bson.D{{Key: one(d, "$eq", "$gt", "$in"), Value: one[any](d, 1, "a", bson.A{1, "a"})}}}}
}

// some draws up to two of a list.
func (d dice) some(list ...string) []string {
	d.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:d.IntN(3)]
}

func (d dice) filter() bson.D {
	filter := bson.D{}
	for _, path := range d.some("x", "y", "z", "tags", "z.a", "_id") {
		filter = append(filter, bson.E{Key: path, Value: d.condition()})
	}
	if d.chance(5) {
		filter = append(filter, bson.E{Key: one(d, "$or", "$and", "$nor"), Value: bson.A{
			bson.D{{Key: d.path(), Value: d.condition()}}, bson.D{{Key: d.path(), Value: d.condition()}},
		}})
	}
	return filter
}

// sort is by a path, or none, and then by _id, so that there is one order.
func (d dice) sort() bson.D {
	sort := bson.D{}
	if path := d.path(); path != "_id" && d.chance(2) {
		sort = append(sort, bson.E{Key: path, Value: one(d, 1, -1)})
	}
	return append(sort, bson.E{Key: "_id", Value: one(d, 1, -1)})
}

func (d dice) projection() bson.D {
	projection := bson.D{}
	shown := one(d, 0, 1)
	for _, key := range d.some("x", "y", "z", "tags") {
		projection = append(projection, bson.E{Key: key, Value: shown})
	}
	return projection
}

func (d dice) update() any {
	switch d.IntN(9) {
	case 0:
		return bson.D{{Key: "x", Value: d.value()}, {Key: "w", Value: d.scalar()}}
	case 1:
		return bson.D{{Key: "$inc", Value: bson.D{{Key: d.key(), Value: one[any](d, int32(1), int64(2), 0.5, "a")}}}}
	case 2:
		return bson.D{{Key: "$unset", Value: bson.D{{Key: d.path(), Value: ""}}}}
	case 3:
		return bson.D{{Key: "$push", Value: bson.D{{Key: one(d, "tags", "x"), Value: d.scalar()}}}}
	case 4:
		return bson.D{{Key: "$addToSet", Value: bson.D{{Key: "tags", Value: d.scalar()}}}}
	case 5:
		return bson.D{{Key: one(d, "$min", "$max", "$mul"), Value: bson.D{{Key: d.key(), Value: one[any](d, int32(2), 1.5)}}}}
	case 6:
		return bson.D{{Key: one(d, "$pull", "$pop", "$rename", "$frob"), Value: bson.D{{Key: "tags", Value: one[any](d, 1, "a", -1)}}}}
	}
	return bson.D{{Key: "$set", Value: bson.D{{Key: one(d, "x", "y", "w", "z.a", "v.w"), Value: d.value()}}}}
}

// command draws a command about the collection c.
func (d dice) command() bson.D {
	switch d.IntN(14) {
	case 0, 1, 2, 3:
		return bson.D{{Key: "find", Value: "c"}, {Key: "filter", Value: d.filter()}, {Key: "sort", Value: d.sort()},
			{Key: "projection", Value: d.projection()}, {Key: "skip", Value: d.IntN(4)}, {Key: "limit", Value: d.IntN(6)}}
	case 4:
		return bson.D{{Key: "count", Value: "c"}, {Key: "query", Value: d.filter()}, {Key: "skip", Value: d.IntN(3)}, {Key: "limit", Value: d.IntN(4)}}
	case 5:
		return bson.D{{Key: "distinct", Value: "c"}, {Key: "key", Value: d.path()}, {Key: "query", Value: d.filter()}}
	case 6, 7:
		return bson.D{{Key: "update", Value: "c"}, {Key: "updates", Value: bson.A{bson.D{{Key: "q", Value: bson.D{{Key: "_id", Value: d.IntN(25)}}},
			{Key: "u", Value: d.update()}, {Key: "upsert", Value: d.chance(4)}}}}}
	case 8:
		return bson.D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: bson.D{{Key: "_id", Value: d.IntN(25)}}},
			{Key: "limit", Value: d.IntN(2)}}}}}
	case 9:
		return bson.D{{Key: "findAndModify", Value: "c"}, {Key: "query", Value: bson.D{{Key: "_id", Value: d.IntN(25)}}},
			{Key: "update", Value: d.update()}, {Key: "new", Value: d.chance(2)}, {Key: "upsert", Value: d.chance(4)}}
	case 10:
		return bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: bson.A{d.document(d.IntN(25)), d.document(d.IntN(50))}},
			{Key: "ordered", Value: d.chance(2)}}
	case 11, 12:
		return bson.D{{Key: "aggregate", Value: "c"}, {Key: "pipeline", Value: d.pipeline()}, {Key: "cursor", Value: bson.D{}}}
	}
	return d.faulty()
}

func (d dice) pipeline() bson.A {
	pipeline := bson.A{bson.D{{Key: "$match", Value: d.filter()}}}
	switch d.IntN(3) {
	case 0:
		key := one(d, "x", "y") // arrays would sort by one of their elements, and tie
		noArray := bson.D{{Key: key, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$type", Value: "array"}}}}}}
		return append(pipeline, bson.D{{Key: "$match", Value: noArray}}, bson.D{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$" + key}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}}}}},
			bson.D{{Key: "$sort", Value: bson.D{{Key: "_id", Value: 1}}}})
	case 1:
		return append(pipeline, bson.D{{Key: "$count", Value: "n"}})
	}
	return append(pipeline, bson.D{{Key: "$sort", Value: d.sort()}}, bson.D{{Key: "$skip", Value: d.IntN(3)}}, bson.D{{Key: "$limit", Value: 1 + d.IntN(5)}})
}

// faulty draws a command that MongoDB refuses, or the like.
func (d dice) faulty() bson.D {
	wrong := d.scalar()
	return one(d,
		bson.D{{Key: "find", Value: wrong}},
		bson.D{{Key: "find", Value: "c"}, {Key: "filter", Value: wrong}},
		bson.D{{Key: "find", Value: "c"}, {Key: one(d, "skip", "limit", "batchSize"), Value: -1}},
		bson.D{{Key: "find", Value: "c"}, {Key: "sort", Value: bson.D{{Key: "x", Value: one[any](d, "a", true, 2)}}}},
		bson.D{{Key: "count", Value: "c"}, {Key: "query", Value: wrong}},
		bson.D{{Key: "distinct", Value: "c"}, {Key: "key", Value: wrong}},
		bson.D{{Key: "insert", Value: "c"}, {Key: "documents", Value: wrong}},
		bson.D{{Key: "update", Value: "c"}, {Key: "updates", Value: bson.A{bson.D{{Key: "q", Value: wrong}, {Key: "u", Value: wrong}}}}},
		bson.D{{Key: "delete", Value: "c"}, {Key: "deletes", Value: bson.A{bson.D{{Key: "q", Value: bson.D{}}, {Key: "limit", Value: 5}}}}},
		bson.D{{Key: fmt.Sprint("frob", d.IntN(3)), Value: 1}},
	)
}
