package dict

import (
	"math"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"github.com/tidwall/btree"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// index keeps the ids of documents by their keys, in order. Most keys of an
// index are either of one document or of very many: one id stands in the tree
// itself, more are a bitmap beside it. (A pair of key and id for each document
// would take three times the memory.)
type index struct {
	definition *query.Index // replaced, never changed
	standard   bool
	tree       btree.Map[string, uint64] // postings
	bitmaps    []*roaring64.Bitmap
	free       []uint64 // places in bitmaps that are not in use
}

// posting is a key with its id, or with the place of its bitmap, marked by many.
type posting struct {
	key string
	ids uint64
}

const many = 1 << 63

func newIndex(definition *query.Index, standard bool) *index {
	return &index{definition: definition, standard: standard}
}

// note tells the planner what the index's keys have come to be, if that is news.
func (x *index) note(keys query.Keys) (turned bool) {
	unordered := keys.Cut && !x.definition.Unordered
	if multikey := keys.Multikey && !x.definition.Multikey; !multikey && !unordered {
		return false
	}
	changed := *x.definition
	changed.Multikey = changed.Multikey || keys.Multikey
	changed.Unordered = changed.Unordered || keys.Cut
	x.definition = &changed
	return true
}

// enter adds a document's keys. spelled are its keys in other indexes: equal keys
// share their bytes. It tells whether the planner has to know of these keys.
func (x *index) enter(keys query.Keys, id uint64, spelled *[]string) (turned bool) {
	for _, key := range keys.List {
		x.add(key, id, spelled)
	}
	return x.note(keys)
}

func (x *index) add(key []byte, id uint64, spelled *[]string) {
	p, ok := x.find(key)
	switch {
	case !ok:
		x.tree.Set(spell(key, spelled), id)
	case p.ids&many != 0:
		x.bitmaps[p.ids&^many].Add(id)
	default:
		x.tree.Set(string(key), x.newBitmap(p.ids, id))
	}
}

// spell returns a key as one of those that are spelled or, if it is none, as one more of
// them. There are no more than there is room for: all are looked through.
func spell(key []byte, spelled *[]string) string {
	for _, s := range *spelled {
		if s == string(key) {
			return s
		}
	}
	s := string(key)
	if len(*spelled) < cap(*spelled) {
		*spelled = append(*spelled, s)
	}
	return s
}

// find returns the posting of a key, whose bytes it shares.
func (x *index) find(key []byte) (p posting, ok bool) {
	p.key = shared(key)
	p.ids, ok = x.tree.Get(p.key)
	return p, ok
}

func (x *index) newBitmap(ids ...uint64) uint64 {
	bitmap := roaring64.BitmapOf(ids...)
	if last := len(x.free) - 1; last >= 0 {
		place := x.free[last]
		x.free = x.free[:last]
		x.bitmaps[place] = bitmap
		return place | many
	}
	x.bitmaps = append(x.bitmaps, bitmap)
	return uint64(len(x.bitmaps)-1) | many
}

// largeTree is from how many postings on most are of one id.
const largeTree = 1 << 12

func (x *index) remove(key []byte, id uint64) {
	if x.tree.Len() >= largeTree {
		x.removeAtOnce(key, id)
		return
	}
	if p, ok := x.find(key); ok && x.removeOf(p.ids, id) {
		x.tree.Delete(p.key)
	}
}

// removeAtOnce goes down the tree once: it deletes the posting, and puts it back if
// there are other ids in it.
func (x *index) removeAtOnce(key []byte, id uint64) {
	ids, ok := x.tree.Delete(shared(key))
	if ok && !x.removeOf(ids, id) {
		x.tree.Set(string(key), ids)
	}
}

// removeOf removes an id from those of a posting, and tells whether none is left.
func (x *index) removeOf(ids, id uint64) bool {
	if ids&many == 0 {
		return ids == id
	}
	place := ids &^ many
	x.bitmaps[place].Remove(id)
	return x.freeIfEmpty(place)
}

// freeIfEmpty gives the place of a bitmap back if there is no id in it any more.
func (x *index) freeIfEmpty(place uint64) bool {
	if !x.bitmaps[place].IsEmpty() {
		return false
	}
	x.bitmaps[place] = nil
	x.free = append(x.free, place)
	return true
}

// removeAll removes ids from all postings.
func (x *index) removeAll(ids *roaring64.Bitmap) {
	var empty []string
	x.tree.Scan(func(key string, held uint64) bool {
		if x.removeAllOf(held, ids) {
			empty = append(empty, key)
		}
		return true
	})
	for _, key := range empty {
		x.tree.Delete(key)
	}
}

// removeAllOf removes ids from those of a posting, and tells whether none is left.
func (x *index) removeAllOf(held uint64, ids *roaring64.Bitmap) bool {
	if held&many == 0 {
		return ids.Contains(held)
	}
	x.bitmaps[held&^many].AndNot(ids)
	return x.freeIfEmpty(held &^ many)
}

// shared returns a key as a string of the same bytes. (A copy for each look into a
// tree was a third of all allocations of a change.)
func shared(key []byte) string { return unsafe.String(unsafe.SliceData(key), len(key)) }

// over calls visit for the postings in a range, from one key on if that is not
// nil, until visit returns false.
func (x *index) over(r query.Range, from *string, reverse bool, visit func(p posting) bool) {
	forward := func(key string, ids uint64) bool {
		return (r.High == nil || key < string(r.High)) && visit(posting{key, ids})
	}
	backward := func(key string, ids uint64) bool { return key >= string(r.Low) && visit(posting{key, ids}) }
	switch {
	case !reverse && from != nil:
		x.tree.Ascend(*from, forward)
	case !reverse:
		x.tree.Ascend(string(r.Low), forward)
	case from != nil:
		x.tree.Descend(*from, backward)
	case r.High != nil:
		x.tree.Descend(string(r.High), func(key string, ids uint64) bool { return key == string(r.High) || backward(key, ids) })
	default:
		x.tree.Reverse(backward)
	}
}

// count returns how many ids the ranges hold, an id as often as it has keys there.
func (x *index) count(ranges []query.Range) int64 { return x.countUpTo(ranges, math.MaxInt64) }

// countUpTo is count, but no more than limit.
func (x *index) countUpTo(ranges []query.Range, limit int64) (n int64) {
	for _, r := range ranges {
		x.over(r, nil, false, func(p posting) bool {
			n += x.size(p)
			return n < limit
		})
		if n >= limit {
			return limit
		}
	}
	return n
}

func (x *index) size(p posting) int64 {
	if p.ids&many == 0 {
		return 1
	}
	return int64(x.bitmaps[p.ids&^many].GetCardinality())
}

// each calls visit for the ids of a posting, in order, that come after one, until
// visit returns false; it returns whether visit never did.
func (x *index) each(p posting, after *uint64, reverse bool, visit func(id uint64) bool) bool {
	switch {
	case p.ids&many != 0 && reverse:
		return eachBackward(x.bitmaps[p.ids&^many], after, visit)
	case p.ids&many != 0:
		return eachForward(x.bitmaps[p.ids&^many], after, visit)
	case after == nil || reverse && p.ids < *after || !reverse && p.ids > *after:
		return visit(p.ids)
	}
	return true
}

// guards tells whether the index, if it is unique, is so for a document that it
// has: where only strings are unique, an array of them is not.
func (x *index) guards(doc bson.Raw) bool {
	keys, err := x.definition.Keys(doc)
	return err == nil && !(x.definition.Unique == query.UniqueStrings && keys.Multikey)
}

func eachForward(bitmap *roaring64.Bitmap, after *uint64, visit func(id uint64) bool) bool {
	it := bitmap.Iterator()
	if after != nil {
		it.AdvanceIfNeeded(*after + 1)
	}
	for it.HasNext() {
		if !visit(it.Next()) {
			return false
		}
	}
	return true
}

func eachBackward(bitmap *roaring64.Bitmap, after *uint64, visit func(id uint64) bool) bool {
	left := bitmap.GetCardinality()
	if after != nil {
		left = bitmap.Rank(*after)
		if bitmap.Contains(*after) {
			left--
		}
	}
	for ; left > 0; left-- {
		id, err := bitmap.Select(left - 1)
		if err != nil || !visit(id) {
			return false
		}
	}
	return true
}
