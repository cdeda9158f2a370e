package query_test

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

var updateOperators = []string{
	"$set", "$set", "$unset", "$inc", "$mul", "$min", "$max", "$push", "$addToSet", "$pull", "$pullAll", "$pop", "$rename",
}

// updatePath draws a path that an update may have.
func (w *world) updatePath(t *rapid.T) string {
	if path := w.plainPath(t); path != "_id" && !strings.HasPrefix(path, "_id.") {
		return path
	}
	return "a.b"
}

// update draws operators on paths that do not conflict.
func (w *world) update(t *rapid.T) bson.D {
	update := bson.D{}
	var taken []string
	free := func(path string) bool {
		if slices.ContainsFunc(taken, func(other string) bool { return collide(path, other) }) {
			return false
		}
		taken = append(taken, path)
		return true
	}
	for _, operator := range rapid.SliceOfNDistinct(rapid.SampledFrom(updateOperators), 1, 3, rapid.ID).Draw(t, "operators") {
		fields := bson.D{}
		for range number(t, 1, 3) {
			path := w.updatePath(t)
			if !free(path) {
				continue
			}
			argument := w.updateArgument(t, operator)
			if to, ok := argument.(string); operator == "$rename" && (!ok || !free(to)) {
				continue
			}
			fields = append(fields, bson.E{Key: path, Value: argument})
		}
		update = append(update, bson.E{Key: operator, Value: fields})
	}
	return update
}

func (w *world) updateArgument(t *rapid.T, operator string) any {
	switch operator {
	case "$inc", "$mul":
		return rapid.SampledFrom([]any{int32(1), int32(-1), int32(0), int32(1 << 30), int64(3), int64(1 << 62), 0.5, math.Copysign(0, -1), 1e300}).Draw(t, "operand")
	case "$push", "$addToSet":
		return w.elements(t, operator == "$push")
	case "$pull":
		switch number(t, 0, 3) {
		case 0:
			return oneOf(t, regexPool)
		case 1:
			return w.filter(t, 1)
		case 2:
			return w.operators(t, 1)
		}
		return w.argument(t)
	case "$pullAll":
		return bson.A{w.argument(t), w.argument(t)}
	case "$pop":
		return rapid.SampledFrom([]any{1, -1, 1.0, int64(-1)}).Draw(t, "end")
	case "$rename":
		return w.updatePath(t)
	}
	return w.argument(t)
}

// elements draws the argument of $push, or of $addToSet.
func (w *world) elements(t *rapid.T, push bool) any {
	if rapid.Bool().Draw(t, "one") {
		return w.argument(t)
	}
	clauses := bson.D{{Key: "$each", Value: bson.A{w.argument(t), w.argument(t)}}}
	for _, clause := range []string{"$position", "$slice", "$sort"} {
		if push && rapid.Bool().Draw(t, clause) {
			n := rapid.SampledFrom([]int{-1, 1}).Draw(t, "direction")
			if clause != "$sort" {
				n = number(t, -4, 4)
			}
			clauses = append(clauses, bson.E{Key: clause, Value: n})
		}
	}
	return clauses
}

// hasDecimal tells whether a document has a decimal anywhere: the oracle cannot
// calculate with them.
func hasDecimal(d datum) bool {
	return d.kind == bson.TypeDecimal128 || slices.ContainsFunc(d.fields, func(f member) bool { return hasDecimal(f.value) })
}

func TestUpdateIsTheOracles(t *testing.T) {
	rounds(t, 80, func(t *rapid.T) {
		w := newWorld(t)
		source := encode(w.update(t))
		update, err := query.ParseUpdate(source, nil)
		if err != nil { // a path of a $rename is on the way of its other, or a filter has what $pull may not
			requireQueryError(t, err)
			return
		}
		require.False(t, update.IsReplacement())
		calculates := !decodeDocument(source).get("$inc").missing() || !decodeDocument(source).get("$mul").missing()
		for _, doc := range w.records {
			if calculates && hasDecimal(decodeDocument(doc)) {
				continue
			}
			before := bytes.Clone(doc)
			room := bytes.Repeat([]byte{255}, number(t, 0, 2*len(doc)))
			got, modified, err := update.ApplyIn(room, doc, nil, updateTime)
			require.Equal(t, before, []byte(doc), "ApplyIn must not write to the document")
			want, possible := updated(decodeDocument(source), decodeDocument(doc))
			require.Equal(t, possible, err == nil, "update %s\ndocument %s\nerror %v", update, doc, err)
			if err != nil {
				requireQueryError(t, err)
				continue
			}
			require.NoError(t, query.Validate(got))
			require.True(t, identical(want, decodeDocument(got)), "update %s\ndocument %s\nbecame %s", update, doc, got)
			require.Equal(t, !bytes.Equal(doc, got), modified, "update %s\ndocument %s", update, doc)
		}
	})
}

// TestSetAndUnset are laws that hold whatever is set.
func TestSetAndUnset(t *testing.T) {
	rounds(t, 25, func(t *rapid.T) {
		w := newWorld(t)
		path, v := w.updatePath(t), w.argument(t)
		set := mustUpdate(t, bson.D{{Key: "$set", Value: bson.D{{Key: path, Value: v}}}})
		unset := mustUpdate(t, bson.D{{Key: "$unset", Value: bson.D{{Key: path, Value: 1}}}})
		for _, doc := range w.records {
			changed, _, err := set.Apply(doc, nil, updateTime)
			if err != nil {
				continue
			}
			require.Equal(t, value(v), changed.Lookup(strings.Split(path, ".")...), "what is set is there")
			again, modified, err := set.Apply(changed, nil, updateTime)
			require.NoError(t, err)
			require.False(t, modified, "to set what is there changes nothing")
			require.Equal(t, changed, again)
			if _, err := doc.LookupErr(path); err != nil && !strings.Contains(path, ".") {
				restored, modified, err := unset.Apply(changed, nil, updateTime)
				require.NoError(t, err)
				require.True(t, modified)
				require.Equal(t, doc, restored, "to unset a new key is to restore the document")
			}
		}
	})
}

func TestPushAndPop(t *testing.T) {
	rounds(t, 30, func(t *rapid.T) {
		w := newWorld(t)
		v := w.argument(t)
		each := bson.D{{Key: "$each", Value: bson.A{v}}}
		push := mustUpdate(t, bson.D{{Key: "$push", Value: bson.D{{Key: "a", Value: each}}}})
		add := mustUpdate(t, bson.D{{Key: "$addToSet", Value: bson.D{{Key: "a", Value: each}}}})
		pop := mustUpdate(t, bson.D{{Key: "$pop", Value: bson.D{{Key: "a", Value: 1}}}})
		pull := mustUpdate(t, bson.D{{Key: "$pullAll", Value: bson.D{{Key: "a", Value: bson.A{v}}}}})
		for _, doc := range w.records {
			if doc.Lookup("a").Type != bson.TypeArray {
				continue
			}
			pushed, _, err := push.Apply(doc, nil, updateTime)
			require.NoError(t, err)
			popped, _, err := pop.Apply(pushed, nil, updateTime)
			require.NoError(t, err)
			require.Equal(t, doc.String(), popped.String(), "to pop what was pushed restores the document")
			_, modified, err := add.Apply(pushed, nil, updateTime)
			require.NoError(t, err)
			require.False(t, modified, "what was pushed is in the set")
			pulled, modified, err := pull.Apply(pushed, nil, updateTime)
			require.NoError(t, err)
			require.True(t, modified)
			_, modified, err = pull.Apply(pulled, nil, updateTime)
			require.NoError(t, err)
			require.False(t, modified, "nothing is left to pull")
		}
	})
}

func mustUpdate(t require.TestingT, update any) *query.Update {
	parsed, err := query.ParseUpdateValue(update)
	require.NoError(t, err)
	return parsed
}

// TestCalculationWithDecimals compares sums and products with exact ones: they
// must be these where 34 digits hold them, and else no further off than half a
// unit of the last digit.
func TestCalculationWithDecimals(t *testing.T) {
	rounds(t, 40, func(t *rapid.T) {
		a, b := anyDecimal(t), anyDecimal(t)
		for operator, exact := range map[string]func(x, y *big.Rat) *big.Rat{
			"$inc": new(big.Rat).Add, "$mul": new(big.Rat).Mul,
		} {
			update := mustUpdate(t, bson.D{{Key: operator, Value: bson.D{{Key: "n", Value: b}}}})
			doc, _, err := update.Apply(encode(bson.D{{Key: "n", Value: a}}), nil, updateTime)
			require.NoError(t, err)
			x, _ := fractionOfDecimal(a)
			y, _ := fractionOfDecimal(b)
			requireRounded(t, exact(x, y), doc.Lookup("n").Decimal128())
		}
	})
}

// anyDecimal draws a finite decimal, whose exponent is small so that two meet.
func anyDecimal(t *rapid.T) bson.Decimal128 {
	digits := rapid.StringMatching(`-?[1-9]([09]{0,33}|[0-9]{0,33})`).Draw(t, "digits")
	n, _ := new(big.Int).SetString(digits, 10)
	d, ok := bson.ParseDecimal128FromBigInt(n, rapid.IntRange(-40, 40).Draw(t, "exponent"))
	require.True(t, ok)
	return d
}

func requireRounded(t *rapid.T, exact *big.Rat, got bson.Decimal128) {
	rounded, beyond := fractionOfDecimal(got)
	require.Zero(t, beyond)
	coefficient, exponent, err := got.BigInt()
	require.NoError(t, err)
	if rounded.Cmp(exact) == 0 {
		return
	}
	room := 34 - len(new(big.Int).Abs(coefficient).String())
	coefficient.Mul(coefficient, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(room)), nil))
	half, _ := new(big.Rat).SetString(fmt.Sprintf("0.5e%d", exponent-room))
	off := new(big.Rat).Sub(exact, rounded)
	require.LessOrEqual(t, off.Abs(off).Cmp(half), 0, "%s for %s", got, exact.FloatString(50))
	if off.Cmp(half) == 0 {
		require.Zero(t, coefficient.Bit(0), "halves are rounded to the even digit")
	}
}
