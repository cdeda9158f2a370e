package sqlite

import (
	"fmt"
	"strings"
	"sync/atomic"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// table is a collection's table.
type table struct {
	id       int64
	name     string // of the collection
	sql      string // of the table, quoted
	tasks    bool
	insert   string // the statement of the writer
	standard int    // how many indexes are standard ones

	// view is what readers must know of the records. It tells of all that are
	// committed, and maybe of more.
	view atomic.Pointer[view]
	// lastSeq is the place of the last record that is committed. Who loads it
	// before the view has a view that tells of all records up to it.
	lastSeq atomic.Int64
	// moves counts changes of records that gave them other keys, also such as are
	// about to be committed.
	moves atomic.Int64
	// moving tells that a transaction under way has moved records: who begins to read
	// meanwhile may come upon them before and after its commit.
	moving    atomic.Bool
	watches   execute.Watches
	committed atomic.Pointer[totals]
	totals    // the writer's
}

// view is what is true of a collection's records, for the planner and for
// walks. It is immutable.
type view struct {
	odd      bool // some record is odd
	ids      bool // some record has an _id that is not its msg_id
	declared []declared
	indexes  []*query.Index // what the planner may use
	origins  map[*query.Index][]origin
}

// declared is an index that was made by CreateIndex.
type declared struct {
	id    int64
	ready bool
	index *query.Index
}

func newTable(id int64, name, tableName string) *table {
	t := &table{id: id, name: name, sql: quoted(tableName), tasks: taskdb.IsTasks(name)}
	t.insert = t.insertSQL()
	t.standard = len(taskdb.StandardIndexes(name))
	t.show(&view{})
	return t
}

// show replaces the view by a copy of v with the indexes that follow from it.
func (t *table) show(v *view) {
	next := &view{odd: v.odd, ids: v.ids, declared: v.declared, origins: map[*query.Index][]origin{}}
	for _, index := range taskdb.StandardIndexes(t.name) {
		// Odd records may have arrays, and come after all others.
		isID := index.Unique == query.UniqueKeys
		index.Multikey = next.odd && !isID
		index.Unordered = index.Multikey || t.tasks && next.ids && isID
		next.indexes = append(next.indexes, index)
		next.origins[index] = t.standardOrigins(index, next)
	}
	for _, d := range v.declared {
		if d.ready {
			next.indexes = append(next.indexes, d.index)
			next.origins[d.index] = []origin{t.declaredOrigin(d.id)}
		}
	}
	t.view.Store(next)
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// indexName is the name of one of a table's own indexes in SQLite.
func (t *table) indexName(column string) string { return fmt.Sprintf("c%d_%s", t.id, column) }

// definitions are the statements that make a table and its indexes.
func (t *table) definitions() []string {
	if !t.tasks {
		return []string{
			"create table " + t.sql + " (seq integer primary key, id blob not null, lifted text, doc blob not null) strict",
			"create unique index " + t.indexName("id") + " on " + t.sql + " (id)",
		}
	}
	list := []string{
		"create table " + t.sql + " (seq integer primary key, id blob, " + columnDefinitions() +
			", odd integer not null, lifted text, doc blob not null) strict",
		"create unique index " + t.indexName("id") + " on " + t.sql + " (id) where id is not null",
		"create unique index " + t.indexName("msg_id") + " on " + t.sql + " (msg_id)",
		"create index " + t.indexName("odd") + " on " + t.sql + " (odd) where odd = 1",
	}
	for _, c := range columns[1:] {
		if c.name != "submitted" {
			list = append(list, "create index "+t.indexName(c.name)+" on "+t.sql+" ("+c.name+")")
		}
	}
	return append(list, t.wideIndexes()...)
}

// wideIndexes are the definitions of the indexes that answer by themselves: how many
// of the unfinished tasks are in which state, and the history.
func (t *table) wideIndexes() []string {
	return []string{
		"create index " + t.indexName("unfinished") + " on " + t.sql + " (submitted, seq, engine_uuid, started, status) where completed is null",
		"create index " + t.indexName("submitted") + " on " + t.sql + " (submitted, seq, msg_id)",
	}
}

func columnDefinitions() string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name + " " + [...]string{textColumn: "text", timeColumn: "integer"}[c.kind]
	}
	return strings.Join(list, ", ")
}

// tableNameFor returns a name for a collection's table: the collection's own, but
// for the default collection, and where SQLite does not have it. SQLite's names
// do not tell upper case from lower.
func tableNameFor(conn *sqlite.Conn, id int64, collection string) (string, error) {
	name := collection
	if collection == taskdb.DefaultCollection {
		_, name, _ = strings.Cut(collection, ".")
	}
	taken, err := number(conn, "select count(*) from sqlite_schema where lower(name) = lower(?)", name)
	if taken > 0 || strings.HasPrefix(strings.ToLower(name), "sqlite_") {
		name = fmt.Sprintf("collection %d", id)
	}
	return name, err
}

// loadTables reads the collections of a file.
func loadTables(conn *sqlite.Conn) (map[string]*table, error) {
	tables := map[string]*table{}
	err := sqlitex.Execute(conn, "select id, name, table_name from collections where name is not null", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			t := newTable(stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnText(2))
			tables[t.name] = t
			return nil
		},
	})
	for _, t := range tables {
		if err == nil {
			err = t.load(conn)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of collections: %w", err)
	}
	return tables, nil
}

// load reads what is true of a table's records.
func (t *table) load(conn *sqlite.Conn) error {
	if err := t.loadTotals(conn); err != nil {
		return err
	}
	v := &view{}
	if t.tasks {
		odd, err := number(conn, "select exists (select 1 from "+t.sql+" where odd = 1)")
		if err != nil {
			return err
		}
		ids, err := number(conn, "select exists (select 1 from "+t.sql+" where id is not null)")
		if err != nil {
			return err
		}
		v.odd, v.ids = odd == 1, ids == 1
	}
	var err error
	if v.declared, err = loadDeclared(conn, t.id); err != nil {
		return err
	}
	t.show(v)
	return nil
}

func (t *table) loadTotals(conn *sqlite.Conn) error {
	err := sqlitex.Execute(conn, "select records, bytes, culled, lost, next_seq from collections where id = ?", &sqlitex.ExecOptions{
		Args: []any{t.id},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			t.totals = totals{
				records: stmt.ColumnInt64(0), bytes: stmt.ColumnInt64(1),
				culled: stmt.ColumnInt64(2), lost: stmt.ColumnInt64(3), nextSeq: stmt.ColumnInt64(4),
			}
			return nil
		},
	})
	saved := t.totals
	t.committed.Store(&saved)
	t.lastSeq.Store(t.nextSeq - 1)
	return err
}
