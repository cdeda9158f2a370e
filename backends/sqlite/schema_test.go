package sqlite

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// files of version 1 have, beside the tables of version1, one for each collection,
// as of tasks and of other things.
const (
	tasksOfVersion1 = `create table task_records (seq integer primary key, id blob, msg_id text, submitted integer, started integer,
		completed integer, client_uuid text, engine_uuid text, queue text, label text, status text, odd integer not null, lifted text, doc blob not null) strict;
	create unique index c1_id on task_records (id) where id is not null;
	create unique index c1_msg_id on task_records (msg_id);
	create index c1_unfinished on task_records (submitted) where completed is null;
	create index c1_odd on task_records (odd) where odd = 1;
	create index c1_submitted on task_records (submitted);
	create index c1_started on task_records (started);
	create index c1_completed on task_records (completed);
	create index c1_client_uuid on task_records (client_uuid);
	create index c1_engine_uuid on task_records (engine_uuid);
	create index c1_queue on task_records (queue);
	create index c1_label on task_records (label);
	create index c1_status on task_records (status);
	insert into collections (id, name, table_name) values (1, 'ipython-tasks.task_records', 'task_records');`
	thingsOfVersion1 = `create table "test.things" (seq integer primary key, id blob not null, lifted text, doc blob not null) strict;
	create unique index c2_id on "test.things" (id);
	insert into collections (id, name, table_name) values (2, 'test.things', 'test.things');`
)

func document(t *testing.T, v any) bson.Raw {
	t.Helper()
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

// writeVersion1 makes a file of version 1 with a task that has buffers apart, one
// that has none, and two other things, of which the last was removed.
func writeVersion1(t *testing.T, path string, task, plain, thing bson.Raw, buffer []byte) {
	t.Helper()
	conn, err := sqlite.OpenConn(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, sqlitex.ExecuteScript(conn, version1+tasksOfVersion1+thingsOfVersion1, nil))
	for sql, args := range map[string][]any{
		"insert into task_records (seq, msg_id, queue, odd, lifted, doc) values (1, 'a', 'q', 0, 'buffers', ?)": {[]byte(task)},
		"insert into task_records (seq, msg_id, queue, odd, doc) values (4, 'b', 'q', 0, ?)":                    {[]byte(plain)},
		"insert into buffers values (1, 1, 'buffers', 0, 7, 0, ?, 0)":                                           {len(buffer)},
		"insert into chunks values (7, 0, ?)":                                                                   {buffer},
		`insert into "test.things" (seq, id, doc) values (2, ?, ?)`:                                             {query.AppendKey(nil, thing.Lookup("_id")), []byte(thing)},
	} {
		require.NoError(t, sqlitex.Execute(conn, sql, &sqlitex.ExecOptions{Args: args}), sql)
	}
	require.NoError(t, sqlitex.ExecuteScript(conn, fmt.Sprintf("pragma user_version = 1; pragma application_id = %d;", applicationID), nil))
}

func TestAFileOfVersion1IsMigrated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.db")
	buffer := bytes.Repeat([]byte("x"), 5000)
	task := document(t, bson.D{{Key: "_id", Value: "a"}, {Key: "msg_id", Value: "a"}, {Key: "buffers", Value: bson.A{}}, {Key: "queue", Value: "q"}})
	plain := document(t, bson.D{{Key: "_id", Value: "b"}, {Key: "msg_id", Value: "b"}, {Key: "queue", Value: "q"}})
	thing := document(t, bson.D{{Key: "_id", Value: 5}})
	writeVersion1(t, path, task, plain, thing, buffer)

	for range 2 {
		s, err := Open(t.Context(), path, Options{})
		require.NoError(t, err)
		version := int64(0)
		require.NoError(t, s.read(t.Context(), func(conn *sqlite.Conn) error {
			version, err = number(conn, "pragma user_version")
			return err
		}))
		require.EqualValues(t, len(migrations), version)
		tasks, err := s.table(t.Context(), taskdb.DefaultCollection)
		require.NoError(t, err)
		require.Equal(t, totals{records: 2, bytes: int64(len(task) + len(plain) + len(buffer)), nextSeq: 5}, *tasks.committed.Load())
		things, err := s.table(t.Context(), "test.things")
		require.NoError(t, err)
		require.Equal(t, totals{records: 1, bytes: int64(len(thing)), nextSeq: 3}, *things.committed.Load())
		require.NoError(t, s.Close())
	}

	s, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	db := taskdb.NewDB(s)
	defer func() { require.NoError(t, db.Close()) }()
	record, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, [][]byte{buffer}, record.Buffers)
	outcome, err := db.Update(t.Context(), taskdb.Update{Filter: `{queue: "q"}`, Update: `{$set: {queue: "r"}}`, Many: true})
	require.NoError(t, err)
	require.EqualValues(t, 2, outcome.Modified)
	require.ErrorIs(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "b"}), taskdb.ErrExists)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "c", Queue: "r"}))
	n, err := db.Count(t.Context(), taskdb.Query{Filter: `{queue: "r"}`})
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
	outcome, err = db.Delete(t.Context(), taskdb.Delete{Many: true})
	require.NoError(t, err)
	require.EqualValues(t, 3, outcome.Matched)
	tasks, err := s.table(t.Context(), taskdb.DefaultCollection)
	require.NoError(t, err)
	require.Equal(t, totals{nextSeq: 6}, *tasks.committed.Load())
}
