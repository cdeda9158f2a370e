package sqlite

import (
	"errors"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/execute"
)

// places are those of some records, as a condition in SQL.
type places struct {
	sql  string
	args []any
}

// bind binds the condition's parameters, and returns how many they are.
func (p places) bind(stmt *sqlite.Stmt) (bound int) {
	for i, arg := range p.args {
		switch arg := arg.(type) {
		case int64:
			stmt.BindInt64(i+1, arg)
		case string:
			stmt.BindText(i+1, arg)
		}
	}
	return len(p.args)
}

// listed are places one by one: a JSON array, which a statement takes as one parameter.
func listed(seqs []int64) places {
	list := []byte{'['}
	for i, seq := range seqs {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, seq, 10)
	}
	return places{"seq in (select value from json_each(?))", []any{string(append(list, ']'))}}
}

// longRun is how many places must follow each other, on average, for a statement of
// their own to be worth it: each opens a dozen indexes.
const longRun = 16

// placesIn returns places, which are in order, by the runs in which they follow each
// other, or in one list.
func placesIn(seqs []int64) (runs []places) {
	for first, i := 0, 1; i <= len(seqs); i++ {
		if i < len(seqs) && seqs[i] == seqs[i-1]+1 {
			continue
		}
		runs = append(runs, places{"seq between ? and ?", []any{seqs[first], seqs[i-1]}})
		first = i
	}
	if len(runs)*longRun > len(seqs) {
		return []places{listed(seqs)}
	}
	return runs
}

// removeAmong removes those of the records at some places for which a condition on
// columns holds, if there is one, with all that belongs to them, or nothing. There are
// no declared indexes. It returns how many were removed.
func (tx *transaction) removeAmong(t *table, some places, only *narrowing) (removed int64, err error) {
	if only == nil && t.culled == 0 && tx.store.bounds.LostAfter == 0 {
		if removed, done, err := tx.removeLone(t, some); done || err != nil {
			return removed, err
		}
	}
	doomed, bytes, err := tx.among(t, some, only)
	if len(doomed) == 0 || err != nil {
		return 0, err
	}
	if err := tx.forgetAllExpired(t, doomed); err != nil {
		return 0, err
	}
	if err := tx.remove(t, bytes, doomed...); err != nil {
		return 0, err
	}
	return int64(len(doomed)), nil
}

// removeLone removes the records at some places if nothing but their rows belongs to
// them; done tells whether that is so.
func (tx *transaction) removeLone(t *table, some places) (removed int64, done bool, err error) {
	var bytes, apart int64
	err = sqlitex.Execute(tx.conn, "select count(*), total(length(doc)), count(lifted) from "+t.sql+" where "+some.sql, &sqlitex.ExecOptions{
		Args: some.args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			removed, bytes, apart = stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)
			return nil
		},
	})
	if apart > 0 || err != nil {
		return 0, false, err
	}
	if err := tx.removeFrom(t, some); err != nil {
		return 0, false, err
	}
	tx.count(t, -removed, -bytes)
	return removed, true, nil
}

// removeFrom removes the rows at some places in one statement: one for each would
// open a dozen indexes every time.
func (tx *transaction) removeFrom(t *table, some places) error {
	return tx.execute("delete from "+t.sql+" where "+some.sql, some.args...)
}

// among returns those of the records at some places for which a condition on columns
// holds, if there is one, without their documents, and how many bytes these have.
func (tx *transaction) among(t *table, some places, only *narrowing) (records []execute.Entry, bytes int64, err error) {
	sql := "select seq, lifted, length(doc) from " + t.sql + " t where " + some.sql
	if only != nil {
		sql += " and " + only.sql.String()
	}
	stmt, _, err := tx.conn.PrepareTransient(sql)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, stmt.Finalize()) }()
	only.bind(stmt, some.bind(stmt))
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return records, bytes, err
		}
		records = append(records, execute.Entry{ID: stmt.ColumnInt64(0), Apart: apart(stmt, 1)})
		bytes += stmt.ColumnInt64(2)
	}
}
