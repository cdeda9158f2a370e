package sqlite

import (
	"zombiezen.com/go/sqlite"
)

// origin is where a walk finds records: a table, or one of its indexes.
type origin struct {
	from     string // the index alone
	records  string // the index with the records, as t
	value    string // what the index is on; "" is a walk by insertion
	kind     valueKind
	seq      string // the record's place in its table
	where    string // what else must hold
	check    bool   // the filter is to be asked about what is found
	declared int64  // the index's id in index_keys, or 0
}

// valueKind is the type of what an index is on.
type valueKind uint8

const (
	numbers valueKind = iota
	texts
	keys // as query.Index makes them
)

// sql is the statement that walks a stretch, in the order of an index, so that who
// has enough need not read the rest. (A limit to be bound would have SQLite
// prepare the statement anew for each number.) Its parameters are those that bind
// binds; its columns are seq, the value and, if docs are wanted, what is kept
// apart and the document.
func (o *origin) sql(s stretch, reverse, docs bool) string {
	if docs {
		return o.walkSQL(s, reverse, o.records, ", t.lifted, t.doc")
	}
	return o.walkSQL(s, reverse, o.from, "")
}

// narrowedSQL is sql without docs, but with a column that tells whether a narrowing
// holds, whose parameters come first. What it does not hold for is counted by who
// reads no more than so much at once.
func (o *origin) narrowedSQL(s stretch, reverse bool, only *narrowing) string {
	return o.walkSQL(s, reverse, o.records, ", "+only.sql.String())
}

// walkSQL is sql with more columns, which from has.
func (o *origin) walkSQL(s stretch, reverse bool, from, more string) string {
	value, direction := o.value, ""
	if reverse {
		direction = " desc"
	}
	order := o.seq + direction
	if value == "" {
		value = "null"
	} else {
		order = value + direction + ", " + order
	}
	return "select " + o.seq + ", " + value + more + " from " + from + " where " + o.condition(s) +
		" and " + o.seq + " > ? and " + o.seq + " <= ? order by " + order
}

// countSQL is the statement that counts what a stretch has.
func (o *origin) countSQL(s stretch) string {
	return "select count(*) from " + o.from + " where " + o.condition(s)
}

// condition is what the values of a stretch have in common.
func (o *origin) condition(s stretch) string {
	switch s.kind {
	case nulls:
		return o.value + " is null" + o.where
	case onePoint:
		return o.value + " = ?" + o.where
	case between:
		return o.lowCondition(s.low) + o.highCondition(s.high) + o.where
	}
	return "true" + o.where
}

func (o *origin) lowCondition(low value) string {
	switch {
	case low.open:
		return o.value + " is not null"
	case low.beyond:
		return o.value + " > ?"
	}
	return o.value + " >= ?"
}

func (o *origin) highCondition(high value) string {
	switch {
	case high.open:
		return ""
	case high.beyond:
		return " and " + o.value + " <= ?"
	}
	return " and " + o.value + " < ?"
}

// bind binds a stretch to the statement of sql, behind n parameters that are bound
// already.
func (o *origin) bind(stmt *sqlite.Stmt, s stretch, n int) {
	n = o.bindEnds(stmt, s, n)
	stmt.BindInt64(n+1, s.after)
	stmt.BindInt64(n+2, s.upTo)
}

// bindEnds binds a stretch to the statement of countSQL, behind n parameters that
// are bound already, and returns how many are then.
func (o *origin) bindEnds(stmt *sqlite.Stmt, s stretch, n int) int {
	for _, end := range s.ends() {
		n++
		switch o.kind {
		case numbers:
			stmt.BindInt64(n, end.number)
		case texts:
			stmt.BindText(n, string(end.bytes))
		case keys:
			stmt.BindBytes(n, end.bytes)
		}
	}
	return n
}

// valueOf reads the value of a row that a statement of sql found.
func (o *origin) valueOf(stmt *sqlite.Stmt) value {
	const at = 1
	if o.value == "" || stmt.ColumnIsNull(at) {
		return value{}
	}
	if o.kind == numbers {
		return value{number: stmt.ColumnInt64(at)}
	}
	bytes := make([]byte, stmt.ColumnLen(at))
	stmt.ColumnBytes(at, bytes)
	return value{bytes: bytes}
}
