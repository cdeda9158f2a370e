// Package sqlite keeps a store in one SQLite file. Import it for its URL scheme:
//
//	import _ "github.com/taskdb/taskdb/backends/sqlite"
//
//	db, err := taskdb.Open(ctx, "sqlite:///var/lib/hub/tasks.db")
//	db, err := taskdb.Open(ctx, "sqlite:tasks.db?durability=normal")
//
// The path is absolute after three slashes and relative after none. The file is
// created if there is none, readable by its owner alone; its directory must
// exist. Beside it, SQLite keeps FILE-wal and FILE-shm while it is open, and
// taskdb FILE.lock.
//
// # Options
//
//   - durability=full, which is the default, survives the loss of power: what is
//     acknowledged is on the disk. normal survives the death of the process, and a
//     power loss may take the last moments; off leaves it to the operating system
//     whether the file is whole after a power loss.
//   - mode=ro opens for reading only, without the lock, while another process may
//     write. What would write returns taskdb.ErrReadOnly.
//   - lock_wait=2s is how long to wait for another process to close the store,
//     before taskdb.ErrLocked. The default is one second.
//   - network=allow opens a file on a network file system, which is refused
//     otherwise: locks are not to be relied on there, and SQLite's shared memory
//     works on one machine only.
//   - max_records=N, max_bytes=2GiB, cull=0.1 and lost_after=24h bound what each
//     collection may hold, see taskdb.Bounds. There is no bound unless they say.
//
// # Concurrency
//
// One process at a time writes to a file. In it one goroutine writes: it takes
// what many callers have waiting, commits that together, and answers each after
// the commit. Reading goes on meanwhile, in batches, each of one snapshot, and
// nothing is held between two batches: a slow reader blocks nobody.
//
// # The file
//
// A collection is a table: task_records is the default one, and others have
// their full names. Collections of tasks have columns for what is asked about
// most, so that the file can be looked at with any SQLite tool:
//
//	sqlite3 tasks.db "select msg_id, datetime(completed / 1000, 'unixepoch') from task_records"
package sqlite

import (
	"context"
	"net/url"

	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	taskdb.Register("sqlite", func(ctx context.Context, u *url.URL) (taskdb.Backend, error) {
		path, options, err := parseURL(u)
		if err != nil {
			return nil, err
		}
		return Open(ctx, path, options)
	})
}
