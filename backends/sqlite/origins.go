package sqlite

import (
	"fmt"
	"slices"

	"github.com/taskdb/taskdb/query"
)

// inOrder walks all records by their insertion.
func (t *table) inOrder() origin {
	return origin{from: t.sql + " t", records: t.sql + " t", seq: "t.seq"}
}

// by walks one of the table's own indexes.
func (t *table) by(index, column string, kind valueKind, where string) origin {
	from := t.sql + " t indexed by " + t.indexName(index)
	return origin{from: from, records: from, value: "t." + column, kind: kind, seq: "t.seq", where: where}
}

// standardOrigins are the walks that together find what a standard index has.
func (t *table) standardOrigins(index *query.Index, v *view) []origin {
	if index.Unique == query.UniqueKeys {
		return t.idOrigins(v)
	}
	only := ""
	if v.odd {
		only = " and t.odd = 0" // those that are come last
	}
	path, _ := index.KeyPattern().IndexErr(0)
	c := columns[slices.IndexFunc(columns[:], func(c column) bool { return c.path == path.Key() })]
	list := []origin{t.by(c.name, c.name, c.valueKind(), only)}
	if index.Partial != nil {
		list = []origin{t.by("unfinished", c.name, c.valueKind(), " and t.completed is null"+only)}
	}
	if v.odd {
		odd := t.by("odd", "odd", numbers, " and t.odd = 1")
		odd.value, odd.check = "", true
		list = append(list, odd)
	}
	return list
}

// idOrigins find records by _id. That of a task is its msg_id, if it came with
// no other.
func (t *table) idOrigins(v *view) []origin {
	if !t.tasks {
		return []origin{t.by("id", "id", keys, "")}
	}
	if !v.ids {
		return []origin{t.by("msg_id", "msg_id", texts, "")}
	}
	return []origin{
		t.by("msg_id", "msg_id", texts, " and t.id is null"),
		t.by("id", "id", keys, " and t.id is not null"),
	}
}

// declaredOrigin walks the keys of a declared index.
func (t *table) declaredOrigin(id int64) origin {
	return origin{
		from:     "index_keys k",
		records:  "index_keys k cross join " + t.sql + " t on t.seq = k.seq",
		value:    "k.key",
		kind:     keys,
		seq:      "k.seq",
		where:    fmt.Sprintf(" and k.index_id = %d", id),
		declared: id,
	}
}

// stretches are the parts of the origin's index that ranges of the planner's keys
// mean.
func (o *origin) stretches(ranges []query.Range) []stretch {
	switch {
	case o.value == "":
		return []stretch{{kind: allRecords}}
	case o.kind == keys:
		return keyStretches(ranges)
	case o.kind == texts:
		return stretchesOf(textColumn, ranges)
	}
	return stretchesOf(timeColumn, ranges)
}
