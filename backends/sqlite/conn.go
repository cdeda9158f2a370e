package sqlite

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	pageSize = 8192
	// checkpointPages is how long the write-ahead log grows before its pages are
	// moved to the file.
	checkpointPages = 16_000
	// Sizes of the page caches in KiB.
	writerCache = 16 << 10
	readerCache = 2 << 10
	// busyWait is how long to wait for somebody else's lock on the file, as a
	// command line tool's.
	busyWait = 10 * time.Second
)

// openWriting opens the connection that writes, and brings the schema up to date.
func openWriting(path string, durability Durability) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(busyWait)
	if err := prepareWriting(conn, durability); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func prepareWriting(conn *sqlite.Conn, durability Durability) error {
	if _, err := versionOf(conn); err != nil {
		return err // before anything is written to what may be no store
	}
	settings := fmt.Sprintf(`
		pragma page_size = %d;
		pragma journal_mode = wal;
		pragma synchronous = %s;
		pragma wal_autocheckpoint = %d;
		pragma cache_size = -%d;
		pragma temp_store = memory;`,
		pageSize, durability.pragma(), checkpointPages, writerCache)
	if err := runOutsideTransaction(conn, settings); err != nil {
		return err
	}
	return migrate(conn)
}

// runOutsideTransaction carries out statements that have no effect within a
// transaction, as some pragmas.
func runOutsideTransaction(conn *sqlite.Conn, script string) error {
	for script != "" {
		stmt, rest, err := conn.PrepareTransient(script)
		if err != nil {
			return err
		}
		_, err = stmt.Step()
		if finalized := stmt.Finalize(); err == nil {
			err = finalized
		}
		if err != nil {
			return err
		}
		script = script[len(script)-rest:]
	}
	return nil
}
