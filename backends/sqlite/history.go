package sqlite

import (
	"context"
	"fmt"
	"iter"
	"math"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
)

// historyBatch is how many ids a batch of the history has.
const historyBatch = 4096

// History is taskdb.Historian's: an index has it all, unless some record is odd.
func (s *Store) History(ctx context.Context, collection string) (ids iter.Seq2[string, error], ok bool, err error) {
	source, err := s.source(ctx, collection, 0)
	if source == nil || err != nil || !source.table.tasks || source.view.odd {
		return nil, false, err
	}
	return func(yield func(string, error) bool) {
		seen := execute.NewSeen(source)
		for _, part := range []historyPart{withTime(source.table), withoutTime(source.table)} {
			for more := true; more; {
				var err error
				if more, err = part.next(ctx, source); err != nil {
					yield("", fmt.Errorf("read the history of %s: %w", collection, err))
					return
				}
				if !part.yield(source, seen, yield) {
					return
				}
			}
		}
	}, true, nil
}

// historyPart is a part of a history on its way: what was read last, and how to go
// on behind it.
type historyPart struct {
	sql       string
	submitted int64
	batch     []historyEntry
}

type historyEntry struct {
	seq   int64
	msgID string
	none  bool // the record has no msg_id
}

const historySQL = "select seq, submitted, msg_id from %[1]s indexed by %[2]s where %[3]s order by submitted, seq limit %[4]d"

// withTime is the history of the records that have a time.
func withTime(t *table) historyPart {
	return historyPart{
		sql:       fmt.Sprintf(historySQL, t.sql, t.indexName("submitted"), "(submitted, seq) > (?1, ?2)", historyBatch),
		submitted: math.MinInt64,
	}
}

// withoutTime is that of the others.
func withoutTime(t *table) historyPart {
	return historyPart{sql: fmt.Sprintf(historySQL, t.sql, t.indexName("submitted"), "?1 is not null and submitted is null and seq > ?2", historyBatch)}
}

// next reads the next batch, and tells whether there may be more.
func (p *historyPart) next(ctx context.Context, source *source) (more bool, err error) {
	last := int64(math.MinInt64)
	if len(p.batch) > 0 {
		last = p.batch[len(p.batch)-1].seq
	}
	p.batch = p.batch[:0]
	err = source.reading.read(ctx, func(conn *sqlite.Conn) error {
		stmt, err := conn.Prepare(p.sql)
		if err != nil {
			return err
		}
		defer stmt.Reset()
		stmt.BindInt64(1, p.submitted)
		stmt.BindInt64(2, last)
		for range historyBatch {
			found, err := stmt.Step()
			if !found || err != nil {
				return err
			}
			e := historyEntry{seq: stmt.ColumnInt64(0), msgID: stmt.ColumnText(2)}
			e.none = e.msgID == "" && stmt.ColumnIsNull(2)
			p.batch = append(p.batch, e)
			if len(p.batch) == historyBatch {
				p.submitted = stmt.ColumnInt64(1)
			}
		}
		return nil
	})
	return len(p.batch) == historyBatch, err
}

// yield yields the ids of the batch, and tells whether to go on. A record without a
// msg_id has none, and one that was added since the walk began is left out: a
// condition for each of the two in the statement would take a quarter of its time.
func (p *historyPart) yield(source *source, seen *execute.Seen, yield func(string, error) bool) bool {
	for _, e := range p.batch {
		wanted := !e.none && e.seq <= source.lastSeq
		if wanted && seen.First(uint64(e.seq)) && !yield(e.msgID, nil) {
			return false
		}
	}
	return true
}
