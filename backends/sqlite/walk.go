package sqlite

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
)

// What one batch reads at the most, of records and of their bytes.
const (
	batchRecords = 1000
	batchBytes   = 4 << 20
)

// walk reads what a scan finds, a batch at a time. Between batches it holds
// nothing, but knows where to go on. It leaves out records that were added after
// the source was made.
type walk struct {
	source  *source
	parts   []part
	reverse bool
	docs    bool
	size    int // how many records the next batch may have
	later   bool
}

// part is what is left to walk of an origin.
type part struct {
	origin    origin
	begun     []stretch // the rest of one that a batch ended in
	stretches []stretch
}

// next takes the next stretch.
func (p *part) next() (s stretch, ok bool) {
	for _, list := range []*[]stretch{&p.begun, &p.stretches} {
		if len(*list) > 0 {
			s, *list = (*list)[0], (*list)[1:]
			return s, true
		}
	}
	return s, false
}

// Walk is execute.Source's.
func (s *source) Walk(ctx context.Context, scan query.Scan, docs bool) iter.Seq2[execute.Entry, error] {
	return func(yield func(execute.Entry, error) bool) {
		w := s.walk(scan, docs)
		for len(w.parts) > 0 {
			entries, err := w.batch(ctx)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(execute.Entry{}, fmt.Errorf("read %s: %w", s.table.name, err))
				return
			}
		}
	}
}

func (s *source) walk(scan query.Scan, docs bool) *walk {
	w := &walk{source: s, reverse: scan.Reverse, docs: docs, size: batchRecords}
	if s.limit > 0 {
		w.size = min(w.size, s.limit)
	}
	for _, o := range s.origins(scan) {
		stretches := o.stretches(scan.Ranges)
		if w.reverse {
			slices.Reverse(stretches)
		}
		for i := range stretches {
			stretches[i].upTo = s.lastSeq
		}
		w.parts = append(w.parts, part{origin: o, stretches: stretches})
	}
	return w
}

// batch reads the next records. All that it reads is of one state of the store.
func (w *walk) batch(ctx context.Context) ([]execute.Entry, error) {
	b := &batch{walk: w, records: w.size, bytes: batchBytes}
	err := w.source.store.snapshot(ctx, b.read)
	w.size = min(2*w.size, batchRecords)
	w.later = true
	return b.entries, err
}

// batch is what is read at once.
type batch struct {
	*walk
	records int // how many may follow
	bytes   int
	entries []execute.Entry
}

func (b *batch) read(conn *sqlite.Conn) error {
	for len(b.parts) > 0 && !b.full() {
		p := &b.parts[0]
		if there, err := b.source.stillThere(conn, p.origin.declared, b.later); err != nil || !there {
			b.parts = nil
			return err
		}
		if err := b.part(conn, p); err != nil {
			return err
		}
		if len(p.begun) == 0 && len(p.stretches) == 0 {
			b.parts = b.parts[1:]
		}
	}
	return nil
}

func (b *batch) full() bool { return b.records <= 0 || b.bytes <= 0 }

// part reads the stretches of a part as far as the batch goes.
func (b *batch) part(conn *sqlite.Conn, p *part) error {
	for !b.full() {
		s, ok := p.next()
		if !ok {
			return nil
		}
		rest, err := b.stretch(conn, &p.origin, s)
		if err != nil {
			return err
		}
		p.begun = append(rest, p.begun...)
	}
	return nil
}

// stretch reads a stretch as far as the batch goes, and returns the rest.
func (b *batch) stretch(conn *sqlite.Conn, o *origin, s stretch) (rest []stretch, err error) {
	stmt, err := conn.Prepare(o.sql(s, b.reverse, b.docs || o.check))
	if err != nil {
		return nil, err
	}
	defer stmt.Reset()
	n := o.bind(stmt, s)
	stmt.BindInt64(n+1, int64(b.records))
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return nil, err
		}
		e := b.entry(stmt, o)
		b.entries = append(b.entries, e)
		b.records--
		b.bytes -= len(e.Doc)
		if b.full() {
			return s.rest(o.valueOf(stmt), e.ID, b.reverse), nil
		}
	}
}

func (b *batch) entry(stmt *sqlite.Stmt, o *origin) execute.Entry {
	e := execute.Entry{ID: stmt.ColumnInt64(0), Check: o.check}
	const columns = 2
	if stmt.ColumnCount() > columns {
		e.Apart, e.Doc, e.Fresh = apart(stmt, columns), blob(stmt, columns+1), true
	}
	return e
}

// blob returns a copy of a column's bytes.
func blob(stmt *sqlite.Stmt, column int) []byte {
	data := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, data)
	return data
}
