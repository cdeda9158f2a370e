package ipython

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A table is a task table, its columns in the order in which a record has them.
type table struct {
	name    string
	columns []column
	query   string // a batch of rows from a row id on
}

type column struct {
	name string
	kind kind
}

// kind says what a column holds.
type kind int

const (
	plain         kind = iota // what SQLite says it is
	document                  // JSON of a dict
	maybeDocument             // JSON of a dict, or any text
	buffers                   // a pickled list of byte strings
	timestamp                 // a time as text
)

// kinds says what the columns hold whose name says it.
var kinds = map[string]kind{
	"header":          document,
	"metadata":        document,
	"content":         document,
	"result_header":   document,
	"result_metadata": document,
	"result_content":  document,
	"buffers":         buffers,
	"result_buffers":  buffers,
	"submitted":       timestamp,
	"started":         timestamp,
	"completed":       timestamp,
	"received":        timestamp,
	"execute_result":  maybeDocument,
	"error":           maybeDocument,
	"pyout":           maybeDocument,
	"pyerr":           maybeDocument,
}

// kindOf tells what a column holds by its name, else by the first word of its
// declared type, as IPython's converters do: resubmitted was a timestamp in
// 0.11 and is the id of a message since.
func kindOf(name, declared string) kind {
	if k, ok := kinds[name]; ok {
		return k
	}
	first, _, _ := strings.Cut(strings.ToLower(declared), " ")
	switch first {
	case "dict":
		return document
	case "bufs":
		return buffers
	case "timestamp":
		return timestamp
	}
	return plain
}

// taskColumns are what makes a table a task table: every version of IPython
// has them.
var taskColumns = []string{
	"msg_id", "header", "content", "buffers", "submitted", "completed",
	"result_header", "result_content", "result_buffers",
}

// batchRows is how many rows are read with one view of the file.
const batchRows = 1000

// taskTables returns the tables of conn that have all taskColumns, in the order
// in which they were made.
func taskTables(conn *sqlite.Conn) ([]table, error) {
	// Only a real table has a root page, neither a view nor a virtual table.
	names, err := pairs(conn, `SELECT name, NULL FROM sqlite_schema
		WHERE type = 'table' AND rootpage > 0 ORDER BY rowid`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var tables []table
	for _, row := range names {
		name := row[0]
		columns, err := columnsOf(conn, name)
		if err != nil {
			return nil, fmt.Errorf("list columns of table %q: %w", name, err)
		}
		if isTaskTable(columns) {
			tables = append(tables, table{name: name, columns: columns, query: batchQuery(name, columns)})
		}
	}
	return tables, nil
}

// columnsOf returns the columns of a table, msg_id first.
func columnsOf(conn *sqlite.Conn, table string) ([]column, error) {
	rows, err := pairs(conn, `SELECT name, type FROM pragma_table_info(?)
		ORDER BY name <> 'msg_id', cid`, table)
	if err != nil {
		return nil, err
	}
	columns := make([]column, len(rows))
	for i, row := range rows {
		if !utf8.ValidString(row[0]) {
			return nil, fmt.Errorf("column %q: its name is not UTF-8", row[0])
		}
		columns[i] = column{name: row[0], kind: kindOf(row[0], row[1])}
	}
	return columns, nil
}

// pairs returns the two columns of every row of a query.
func pairs(conn *sqlite.Conn, query string, args ...any) (rows [][2]string, err error) {
	err = sqlitex.Execute(conn, query, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			rows = append(rows, [2]string{stmt.ColumnText(0), stmt.ColumnText(1)})
			return nil
		},
	})
	return rows, err
}

func isTaskTable(columns []column) bool {
	has := map[string]bool{}
	for _, c := range columns {
		has[c.name] = true
	}
	return !slices.ContainsFunc(taskColumns, func(name string) bool { return !has[name] })
}

// batchQuery returns the query of a batch: the row id, then the columns.
func batchQuery(table string, columns []column) string {
	id := rowID(columns)
	query := "SELECT " + id
	for _, c := range columns {
		query += ", " + quote(c.name)
	}
	return fmt.Sprintf("%s FROM %s WHERE %s >= ? ORDER BY %s LIMIT %d", query, quote(table), id, id, batchRows)
}

// rowID returns a name of the row id that no column has taken.
func rowID(columns []column) string {
	for _, id := range []string{"rowid", "_rowid_"} {
		if !slices.ContainsFunc(columns, func(c column) bool { return strings.EqualFold(c.name, id) }) {
			return id
		}
	}
	return "oid"
}

func quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
