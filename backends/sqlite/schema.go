package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/taskdb"
)

// applicationID tells taskdb's files from those of others: "tskd".
const applicationID = 0x74736b64

// migrations are the steps from each version of the schema to the next; a file's
// PRAGMA user_version is how many of them it has had.
var migrations = []func(conn *sqlite.Conn) error{script(version1), toVersion2, script(version3)}

// script is a step that carries out statements.
func script(statements string) func(conn *sqlite.Conn) error {
	return func(conn *sqlite.Conn) error { return sqlitex.ExecuteScript(conn, statements, nil) }
}

// version1 is the schema of a store:
//
//   - collections has a row for each collection, with the name of the table that
//     its records are in; a row without name is being dropped.
//   - indexes has the declared indexes. Their state is building, ready or
//     dropping; only what is ready may be used.
//   - index_keys has the keys of all declared indexes.
//   - buffers says where the arrays that were lifted out of a record have their
//     elements: from which byte of which stream on.
//   - chunks has the bytes of streams, in pieces of chunkSize.
//   - uploads has the streams whose record is not stored yet. Those of a process
//     that ended are of no use.
const version1 = `
create table collections (
	id integer primary key autoincrement,
	name text unique,
	table_name text not null
) strict;
create table indexes (
	id integer primary key autoincrement,
	collection integer not null,
	name text not null,
	pattern blob not null,
	uniqueness integer not null,
	partial blob,
	multikey integer not null default 0,
	unordered integer not null default 0,
	state text not null default 'building'
) strict;
create table index_keys (
	index_id integer not null,
	key blob not null,
	seq integer not null,
	primary key (index_id, key, seq)
) strict, without rowid;
create table buffers (
	collection integer not null,
	seq integer not null,
	key text not null,
	position integer not null,
	stream integer not null,
	start integer not null,
	size integer not null,
	subtype integer not null,
	primary key (collection, seq, key, position)
) strict, without rowid;
create table chunks (
	stream integer not null,
	n integer not null,
	data blob not null,
	primary key (stream, n)
) strict, without rowid;
create table uploads (
	stream integer primary key,
	abandoned integer not null default 0
) strict;
`

// version2 has wider indexes (table.wideIndexes), the totals of each collection,
// which are counted once, and:
//
//   - tails has what was appended to a value of a record since that was written,
//     in pieces: the type of the value, some bytes, and how many there are up to
//     their end.
//   - removals has what is promised to be removed: the filter that selects it, and
//     the places of the records, in the portable format of Roaring bitmaps.
//   - expired has the last records that made room: n counts all that did.
//   - touches has when unfinished tasks were stored last, if that counts.
const version2 = `
alter table collections add column records integer not null default 0;
alter table collections add column bytes integer not null default 0;
alter table collections add column culled integer not null default 0;
alter table collections add column lost integer not null default 0;
alter table collections add column next_seq integer not null default 1;
create table tails (
	collection integer not null,
	seq integer not null,
	key text not null,
	n integer not null,
	kind integer not null,
	total integer not null,
	data blob not null,
	primary key (collection, seq, key, n)
) strict, without rowid;
create table removals (
	id integer primary key,
	collection integer not null,
	filter blob not null,
	records blob not null
) strict;
create table expired (
	collection integer not null,
	n integer not null,
	msg_id text not null,
	rule text not null,
	at integer not null,
	primary key (collection, n)
) strict, without rowid;
create unique index expired_ids on expired (collection, msg_id);
create table touches (
	collection integer not null,
	seq integer not null,
	at integer not null,
	primary key (collection, seq)
) strict, without rowid;
`

// version3 has expired tell how the task of a record had ended.
const version3 = `alter table expired add column state text not null default ''`

func toVersion2(conn *sqlite.Conn) error {
	if err := sqlitex.ExecuteScript(conn, version2, nil); err != nil {
		return err
	}
	var tables []*table
	err := sqlitex.Execute(conn, "select id, name, table_name from collections where name is not null", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			tables = append(tables, newTable(stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnText(2)))
			return nil
		},
	})
	for _, t := range tables {
		if err == nil {
			err = t.toVersion2(conn)
		}
	}
	return err
}

// toVersion2 counts a table's records, and makes two of its indexes wider.
func (t *table) toVersion2(conn *sqlite.Conn) error {
	err := sqlitex.Execute(conn, "update collections set (records, bytes, next_seq) = (select count(*), "+
		"coalesce(sum(length(doc)), 0) + (select coalesce(sum(size), 0) from buffers where collection = ?1), "+
		"coalesce(max(seq), 0) + 1 from "+t.sql+") where id = ?1", &sqlitex.ExecOptions{Args: []any{t.id}})
	if err != nil || !t.tasks {
		return err
	}
	steps := []string{"drop index " + t.indexName("unfinished"), "drop index " + t.indexName("submitted")}
	for _, step := range append(steps, t.wideIndexes()...) {
		if err := sqlitex.ExecuteTransient(conn, step, nil); err != nil {
			return err
		}
	}
	return nil
}

// migrate brings a file to the latest version of the schema, in one transaction.
// A file without anything in it becomes a store.
func migrate(conn *sqlite.Conn) (err error) {
	version, err := versionOf(conn)
	if err != nil || version == len(migrations) {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	defer end(&err)
	for at, step := range migrations[version:] {
		if err := step(conn); err != nil {
			return fmt.Errorf("migrate the schema to version %d: %w", version+at+1, err)
		}
	}
	return sqlitex.ExecuteScript(conn, fmt.Sprintf("pragma application_id = %d; pragma user_version = %d;",
		applicationID, len(migrations)), nil)
}

// versionOf returns the version of a file's schema, 0 if there is nothing in the
// file. A file of another application is refused, and one of a newer version is
// taskdb.ErrNewer.
func versionOf(conn *sqlite.Conn) (int, error) {
	application, err := number(conn, "pragma application_id")
	if err != nil {
		return 0, noDatabase(err)
	}
	tables, err := number(conn, "select count(*) from sqlite_schema")
	if err != nil {
		return 0, err
	}
	version, err := number(conn, "pragma user_version")
	switch {
	case err != nil:
		return 0, err
	case application == 0 && tables == 0 && version == 0:
		return 0, nil
	case application != applicationID:
		return 0, fmt.Errorf("it is a file of another application: its application_id is %#x, that of a store %#x",
			application, applicationID)
	case version > int64(len(migrations)):
		return 0, fmt.Errorf("%w: its schema is of version %d, and this program knows %d; open it with a newer taskdb",
			taskdb.ErrNewer, version, len(migrations))
	}
	return int(version), nil
}

// noDatabase says it more plainly if an error is that a file is no database.
func noDatabase(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultNotADB {
		return fmt.Errorf("it is no SQLite file: %w", err)
	}
	return err
}

// number returns what a query of one integer answers, 0 for no answer.
func number(conn *sqlite.Conn, query string, args ...any) (int64, error) {
	var n int64
	err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			n = stmt.ColumnInt64(0)
			return nil
		},
	})
	return n, err
}
