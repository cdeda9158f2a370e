package sqlite

import (
	"errors"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/query"
)

// maxNarrowing is how many stretches of columns a narrowing may have.
const maxNarrowing = 16

// narrowing is a filter as a condition on the columns of tasks that are not odd.
type narrowing struct {
	sql   strings.Builder
	parts []narrowingPart // in the order of their parameters
}

type narrowingPart struct {
	column  origin
	stretch stretch
}

// narrow returns what a filter asks of the records of a scan as a condition on
// columns; nil if they do not tell.
func (s *source) narrow(scan query.Scan, filter *query.Filter) *narrowing {
	if scan.Index == nil || s.view.origins[scan.Index][0].declared != 0 {
		return nil
	}
	return s.table.narrow(s.view, filter)
}

// narrow returns a filter as a condition on the columns of t; nil if they do not
// tell.
func (t *table) narrow(v *view, filter *query.Filter) *narrowing {
	if !t.tasks || v.odd {
		return nil
	}
	n := new(narrowing)
	if condition, ok := filter.KeyCondition(); ok && n.add(condition) {
		return n
	}
	return nil
}

func (n *narrowing) add(c query.KeyCondition) bool {
	switch {
	case len(c.All) > 0:
		return join(n, c.All, " and ", n.add)
	case len(c.Any) > 0:
		return join(n, c.Any, " or ", n.add)
	}
	i := slices.IndexFunc(columns[:], func(column column) bool { return column.path == c.Path })
	if i < 0 {
		return false
	}
	column := origin{value: "t." + columns[i].name, kind: columns[i].valueKind()}
	return join(n, column.stretches(c.Ranges), " or ", func(s stretch) bool {
		n.parts = append(n.parts, narrowingPart{column, s})
		n.sql.WriteString(column.condition(s))
		return len(n.parts) <= maxNarrowing
	})
}

// join adds a list of conditions, none of which is false, in parentheses.
func join[C any](n *narrowing, list []C, operator string, add func(C) bool) bool {
	n.sql.WriteString("(")
	for i, c := range list {
		if i > 0 {
			n.sql.WriteString(operator)
		}
		if !add(c) {
			return false
		}
	}
	n.sql.WriteString(")")
	return len(list) > 0
}

// bind binds the condition's parameters, if there is one, behind so many that are
// bound already, and returns how many are then.
func (n *narrowing) bind(stmt *sqlite.Stmt, bound int) int {
	if n == nil {
		return bound
	}
	for _, p := range n.parts {
		bound = p.column.bindEnds(stmt, p.stretch, bound)
	}
	return bound
}

// countNarrowed counts what a stretch has for which the condition holds. Filters
// make more statements than a connection is to keep prepared.
func (o *origin) countNarrowed(conn *sqlite.Conn, s stretch, only *narrowing) (n int64, err error) {
	stmt, _, err := conn.PrepareTransient(o.countSQL(s) + " and " + only.sql.String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	only.bind(stmt, o.bindEnds(stmt, s, 0))
	_, err = stmt.Step()
	return stmt.ColumnInt64(0), err
}
