package query_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// What is drawn here comes from small pools, so that documents and filters meet.

var keyPool = []string{"a", "a", "a", "b", "c", "0", "0", "1", ""}

// favourites make up half of what is drawn.
var favourites = []any{int32(1), 1.0, int64(2), "a", nil}

// numberPool holds what is equal across types, and what is nearly equal.
var numberPool = []any{
	int32(0), math.Copysign(0, -1), int64(0), decimal("0"), decimal("-0"), decimal("0E+6111"),
	int32(1), int64(1), 1.0, decimal("1"), decimal("1.0"), decimal("10E-1"), int32(-1), -1.0, int32(2), int32(5), int64(7),
	0.5, decimal("0.5"), 0.1, decimal("0.1"), -2.5, decimal("2.5"), 1.999,
	int64(1<<53 - 1), int64(1 << 53), int64(1<<53 + 1), float64(1 << 53), decimal("9007199254740993"), int64(-1<<53 - 1),
	int64(math.MaxInt64), int64(math.MinInt64), float64(1 << 63), -float64(1 << 63), decimal("9223372036854775807"),
	decimal("9223372036854775808"), int32(math.MaxInt32), int32(math.MinInt32),
	math.NaN(), decimal("NaN"), math.Inf(1), math.Inf(-1), decimal("Infinity"), decimal("-Infinity"),
	math.MaxFloat64, math.SmallestNonzeroFloat64, decimal("9.999999999999999999999999999999999E+6144"),
	decimal("-1E-6176"), decimal("1E-6176"),
}

var textPool = []any{
	"", "a", "ab", "A", "b", "a\x00", "a\x00b", "a\nb", "é", "1", bson.Symbol("a"), bson.Symbol(""), bson.Symbol("b"),
}

var otherPool = []any{
	nil, nil, nil, bson.MinKey{}, bson.MaxKey{}, true, false,
	bson.Binary{}, bson.Binary{Data: []byte{2}}, bson.Binary{Data: []byte{1, 255}}, bson.Binary{Subtype: 4, Data: []byte{2}},
	bson.Binary{Data: []byte{0x85, 0, 0, 0, 0, 0, 0, 0, 1}},
	bson.ObjectID{}, bson.ObjectID{1}, bson.ObjectID{11: 1},
	bson.DateTime(0), bson.DateTime(1), bson.DateTime(-1), bson.DateTime(math.MaxInt64),
	bson.Timestamp{}, bson.Timestamp{T: 1}, bson.Timestamp{I: 1}, bson.Timestamp{T: math.MaxUint32, I: 1},
	bson.DBPointer{DB: "x"}, bson.DBPointer{DB: "x", Pointer: bson.ObjectID{1}}, bson.DBPointer{DB: "xy"},
	bson.JavaScript(""), bson.JavaScript("f"), bson.CodeWithScope{Code: "f", Scope: bson.D{}},
	bson.CodeWithScope{Code: "f", Scope: bson.D{{Key: "a", Value: 1.0}}}, bson.D{}, bson.A{},
}

// regexPool holds what PCRE and Go's regexp agree on.
var regexPool = []any{
	bson.Regex{Pattern: "a"}, bson.Regex{Pattern: "^a"}, bson.Regex{Pattern: "a", Options: "i"},
	bson.Regex{Pattern: "^$"}, bson.Regex{Pattern: "^b", Options: "m"}, bson.Regex{Pattern: "a.b", Options: "s"},
}

func decimal(text string) bson.Decimal128 {
	d, err := bson.ParseDecimal128(text)
	if err != nil {
		panic(err)
	}
	return d
}

func oneOf(t *rapid.T, pool []any) any { return rapid.SampledFrom(pool).Draw(t, "value") }

func number(t *rapid.T, low, high int) int { return rapid.IntRange(low, high).Draw(t, "number") }

// scalar draws a value that may stand as an argument of any comparison.
func scalar(t *rapid.T) any {
	switch number(t, 0, 5) {
	case 0:
		return oneOf(t, textPool)
	case 1:
		return oneOf(t, otherPool)
	case 2:
		return oneOf(t, numberPool)
	}
	return oneOf(t, favourites)
}

// stored draws a value of a document: that, or what only documents hold.
func stored(t *rapid.T) any {
	return tree(t, 3, func(t *rapid.T) any {
		switch number(t, 0, 19) {
		case 0:
			return oneOf(t, regexPool)
		case 1:
			return bson.Undefined{}
		}
		return scalar(t)
	})
}

func tree(t *rapid.T, depth int, leaf func(*rapid.T) any) any {
	switch shape := number(t, 0, 9); {
	case depth == 0 || shape < 5:
		return leaf(t)
	case shape < 8:
		list := bson.A{}
		for range number(t, 0, 3) {
			list = append(list, tree(t, depth-1, leaf))
		}
		return list
	}
	return document(t, func(t *rapid.T) any { return tree(t, depth-1, leaf) })
}

// document draws a document of different keys.
func document(t *rapid.T, value func(*rapid.T) any) bson.D {
	doc := bson.D{}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keyPool), 0, 3, rapid.ID).Draw(t, "keys") {
		doc = append(doc, bson.E{Key: key, Value: value(t)})
	}
	return doc
}

// record draws a document as a store holds them.
func record(t *rapid.T) bson.D {
	doc := bson.D{}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keyPool), 1, 4, rapid.ID).Draw(t, "keys") {
		doc = append(doc, bson.E{Key: key, Value: stored(t)})
	}
	if rapid.Bool().Draw(t, "with _id") {
		doc = append(bson.D{{Key: "_id", Value: scalar(t)}}, doc...)
	}
	return doc
}

// world is some records, and what is in them: questions about it find something.
type world struct {
	records []bson.Raw
	values  []any
	paths   []string
}

// several is how many records each filter, sort or projection is tried on.
const several = 6

func newWorld(t *rapid.T) *world {
	w := &world{values: favourites, paths: []string{"a", "b", "a.b", "a.0", "."}}
	for range several {
		doc := record(t)
		w.records = append(w.records, encode(doc))
		w.learn("", doc)
	}
	return w
}

// learn takes up a value and its path, and what is below it.
func (w *world) learn(path string, v any) {
	switch v.(type) {
	case bson.Undefined, bson.Regex: // no argument of comparisons
	default:
		w.values = append(w.values, v)
	}
	switch v := v.(type) {
	case bson.D:
		for _, e := range v {
			w.learnBelow(path, e.Key, e.Value)
		}
	case bson.A:
		for i, element := range v {
			w.learnBelow(path, strconv.Itoa(i), element)
			if doc, ok := element.(bson.D); ok {
				w.learn(path, doc)
			}
		}
	}
}

func (w *world) learnBelow(path, key string, v any) {
	below := strings.TrimPrefix(path+"."+key, ".")
	w.paths = append(w.paths, below)
	w.learn(below, v)
}

// argument draws a value for a comparison: one that is there, or any.
func (w *world) argument(t *rapid.T) any {
	if number(t, 0, 3) == 0 {
		return tree(t, 2, scalar)
	}
	return oneOf(t, w.values)
}

func (w *world) path(t *rapid.T) string {
	if number(t, 0, 3) == 0 {
		return dottedPath(t, keyPool)
	}
	return rapid.SampledFrom(w.paths).Draw(t, "path")
}

func encode(doc any) bson.Raw {
	raw, err := bson.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("%#v: %v", doc, err))
	}
	return raw
}

func dottedPath(t *rapid.T, keys []string) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(keys), 1, 3).Draw(t, "path"), ".")
}

// filter draws a right filter in MongoDB's own operators.
func (w *world) filter(t *rapid.T, depth int) bson.D {
	doc := bson.D{}
	for range number(t, 1, 2) {
		doc = append(doc, w.clause(t, depth))
	}
	return doc
}

func (w *world) clause(t *rapid.T, depth int) bson.E {
	if kind := number(t, 0, 9); kind < 3 && depth > 0 {
		branches := bson.A{}
		for range number(t, 1, 3) {
			branches = append(branches, w.filter(t, depth-1))
		}
		return bson.E{Key: []string{"$and", "$or", "$nor"}[kind], Value: branches}
	}
	path := w.path(t)
	switch number(t, 0, 9) {
	case 0:
		return bson.E{Key: path, Value: oneOf(t, regexPool)}
	case 1, 2:
		return bson.E{Key: path, Value: w.argument(t)}
	}
	return bson.E{Key: path, Value: w.operators(t, depth)}
}

func (w *world) operators(t *rapid.T, depth int) bson.D {
	doc := bson.D{}
	for range number(t, 1, 2) {
		for _, e := range w.operator(t, depth) {
			if !slices.ContainsFunc(doc, func(known bson.E) bool { return known.Key == e.Key }) {
				doc = append(doc, e)
			}
		}
	}
	return doc
}

var operatorPool = []string{
	"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$type", "$size", "$all", "$regex", "$mod",
	"$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear", "$not", "$elemMatch",
}

func (w *world) operator(t *rapid.T, depth int) bson.D {
	pool := operatorPool
	if depth == 0 {
		pool = pool[:len(pool)-2]
	}
	name := rapid.SampledFrom(pool).Draw(t, "operator")
	return append(bson.D{{Key: name, Value: w.operatorArgument(t, name, depth)}}, options(t, name)...)
}

// options draws what stands beside a $regex.
func options(t *rapid.T, name string) bson.D {
	if name != "$regex" || rapid.Bool().Draw(t, "no options") {
		return nil
	}
	return bson.D{{Key: "$options", Value: rapid.SampledFrom([]string{"", "i", "ms"}).Draw(t, "options")}}
}

func (w *world) operatorArgument(t *rapid.T, name string, depth int) any {
	switch name {
	case "$in", "$nin", "$all":
		return w.memberList(t, name, depth)
	case "$exists":
		return rapid.SampledFrom([]any{true, false, 1, 0, nil, "", bson.A{}, math.NaN(), decimal("-0")}).Draw(t, "exists")
	case "$type":
		return rapid.SampledFrom([]any{
			"array", "object", "null", "number", "string", "int", "long", "double", "decimal", "undefined", "regex", "minKey",
			1, -1, 127.0, 7, int64(10), bson.A{"array", 16}, bson.A{"symbol", "binData", "javascriptWithScope"},
		}).Draw(t, "type")
	case "$size":
		return rapid.SampledFrom([]any{0, 1, 2.0, int64(3), decimal("1")}).Draw(t, "size")
	case "$regex":
		return rapid.SampledFrom([]string{"a", "^a", "^$", "b|A"}).Draw(t, "pattern")
	case "$mod":
		return rapid.SampledFrom([]any{
			bson.A{2, 1}, bson.A{2.9, 0.5}, bson.A{int64(-3), -1}, bson.A{decimal("5"), 0}, bson.A{1, 0}, bson.A{-1, 0},
		}).Draw(t, "mod")
	case "$not":
		if number(t, 0, 4) == 0 {
			return oneOf(t, regexPool)
		}
		return w.operators(t, depth-1)
	case "$elemMatch":
		if rapid.Bool().Draw(t, "by values") {
			return w.operators(t, depth-1)
		}
		return w.filter(t, depth-1)
	}
	if strings.HasPrefix(name, "$bits") {
		return rapid.SampledFrom([]any{
			0, 1, 5.0, int64(math.MaxInt64), bson.A{}, bson.A{0}, bson.A{0, 2.0, int64(63)}, bson.A{64}, bson.A{200},
			bson.Binary{}, bson.Binary{Data: []byte{5}}, bson.Binary{Data: []byte{0, 0, 0, 0, 0, 0, 0, 0, 1}}, decimal("1"),
		}).Draw(t, "mask")
	}
	if name == "$eq" && number(t, 0, 9) == 0 {
		return oneOf(t, regexPool)
	}
	return w.argument(t)
}

func (w *world) memberList(t *rapid.T, name string, depth int) bson.A {
	list := bson.A{}
	elemMatch := name == "$all" && depth > 0 && number(t, 0, 3) == 0
	for range number(t, 0, 3) {
		switch {
		case elemMatch:
			list = append(list, bson.D{{Key: "$elemMatch", Value: w.filter(t, depth-1)}})
		case number(t, 0, 7) == 0:
			list = append(list, oneOf(t, regexPool))
		default:
			list = append(list, w.argument(t))
		}
	}
	return list
}

// plainKeys are the keys that may stand in a sort or a projection.
var plainKeys = []string{"a", "b", "c", "0", "1"}

// plainPath draws a path that may stand in a sort or a projection.
func (w *world) plainPath(t *rapid.T) string {
	if path := w.path(t); !strings.Contains("."+path+".", "..") {
		return path
	}
	return dottedPath(t, plainKeys)
}

func (w *world) sort(t *rapid.T) bson.D {
	doc := bson.D{}
	for range number(t, 1, 3) {
		direction := rapid.SampledFrom([]any{1, -1, 1.9, int64(-1), decimal("0.6")}).Draw(t, "direction")
		doc = append(doc, bson.E{Key: w.plainPath(t), Value: direction})
	}
	return doc
}

// projection draws a right projection whose paths do not collide.
func (w *world) projection(t *rapid.T) bson.D {
	including := rapid.Bool().Draw(t, "including")
	doc := bson.D{}
	for range number(t, 0, 3) {
		path := w.plainPath(t)
		if path != "_id" && !slices.ContainsFunc(doc, func(e bson.E) bool { return collide(e.Key, path) }) {
			doc = append(doc, bson.E{Key: path, Value: w.shownAs(t, path, including)})
		}
	}
	if id := number(t, 0, 3); id < 2 {
		doc = append(doc, bson.E{Key: "_id", Value: id})
	}
	return doc
}

func collide(a, b string) bool {
	return strings.HasPrefix(a+".", b+".") || strings.HasPrefix(b+".", a+".")
}

func (w *world) shownAs(t *rapid.T, path string, including bool) any {
	switch kind := number(t, 0, 5); {
	case kind == 0:
		return bson.D{{Key: "$slice", Value: rapid.SampledFrom([]any{
			0, 1, -1, 5, -5, 1.9, bson.A{1, 1}, bson.A{-2, 1}, bson.A{9, 2}, bson.A{-9, int64(2)},
		}).Draw(t, "slice")}}
	case kind == 1 && !strings.Contains(path, "."):
		return bson.D{{Key: "$elemMatch", Value: w.operatorArgument(t, "$elemMatch", 1)}}
	}
	return including
}
