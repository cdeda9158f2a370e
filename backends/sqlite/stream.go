package sqlite

import (
	"errors"
	"fmt"
	"io"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// readStream reads len(p) bytes of a stream from an offset on. If they are not
// there, as when the record was dropped, the error is taskdb.ErrNotFound.
func readStream(conn *sqlite.Conn, stream, offset int64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	stmt, err := conn.Prepare("select data from chunks where stream = ? and n between ? and ? order by n")
	if err != nil {
		return err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, stream)
	stmt.BindInt64(2, offset/chunkSize)
	stmt.BindInt64(3, (offset+int64(len(p))-1)/chunkSize)
	for skip := offset % chunkSize; len(p) > 0; skip = 0 {
		found, err := stmt.Step()
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("stream %d ends %d bytes early: %w", stream, len(p), taskdb.ErrNotFound)
		}
		n, err := stmt.ColumnReader(0).ReadAt(p, skip)
		if n == 0 || err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("stream %d is broken: %w", stream, errors.Join(err, io.ErrUnexpectedEOF))
		}
		p = p[n:]
	}
	return nil
}
