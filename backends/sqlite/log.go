package sqlite

import (
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// maxLog is from how many bytes on the write-ahead log is shortened. SQLite begins it
	// anew when its pages are in the file and nobody reads from it: where somebody always
	// does, it would grow for ever.
	maxLog = 2 * checkpointPages * pageSize
	// logWait is how long writers then wait for those who read: a batch takes less, but
	// for filters that are slow.
	logWait = 100 * time.Millisecond
	// logLook is after how many commits the log is looked at, which takes a twentieth of
	// the time of one.
	logLook = 32
)

// shortenLog shortens the log if it has become too long. If those who read take too
// long, it is tried again when there is an eighth more.
func (w *writer) shortenLog() {
	if w.commits++; w.commits%logLook != 0 || w.logSize() < w.longLog {
		return
	}
	w.conn.SetBusyTimeout(logWait)
	_ = checkpoint(w.conn) // what is committed is so, whatever becomes of this
	w.conn.SetBusyTimeout(busyWait)
	w.longLog = max(w.maxLog, w.logSize()+w.maxLog/8)
}

// logPath is where SQLite keeps the log.
func (s *Store) logPath() string { return s.path + "-wal" }

// logSize returns how many bytes the log has.
func (w *writer) logSize() int64 {
	info, err := os.Stat(w.store.logPath())
	if err != nil {
		return 0
	}
	return info.Size()
}

// checkpoint moves the log to the file, which then has its size.
func checkpoint(conn *sqlite.Conn) error {
	return runOutsideTransaction(conn, "pragma wal_checkpoint(truncate);")
}
