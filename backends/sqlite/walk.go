package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
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
	only    *narrowing // what else must hold, if the columns tell
	size    int        // how many records the next batch may read
	later   bool
	look    look
	entries []execute.Entry // what the last batch kept
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
func (s *source) Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(*execute.Entry) bool) iter.Seq2[execute.Entry, error] {
	return func(yield func(execute.Entry, error) bool) {
		w := s.walk(scan, rest, docs)
		w.look.keep = keep
		for len(w.parts) > 0 {
			err := w.batch(ctx)
			for _, e := range w.entries {
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

func (s *source) walk(scan query.Scan, rest *query.Filter, docs bool) *walk {
	w := &walk{source: s, reverse: scan.Reverse, docs: docs, size: batchRecords}
	if rest != nil && !docs {
		w.only = s.narrow(scan, rest)
		w.docs = w.only == nil
	}
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

// batch reads the next records. All that it reads is of one state of the store,
// for which a single statement needs no transaction.
func (w *walk) batch(ctx context.Context) error {
	w.entries = w.entries[:0]
	b := &batch{walk: w, records: w.size, bytes: batchBytes, stretches: math.MaxInt}
	read := w.source.reading.snapshot
	if w.startsSingle() {
		b.stretches, read = 1, w.source.reading.read
	}
	err := read(ctx, b.read)
	if w.size = min(2*w.size, batchRecords); b.stretches == 0 && b.records > 0 {
		w.size = b.records
	}
	w.later = true
	return err
}

// startsSingle tells whether to begin with a single stretch: the only one, or one
// that is likely to have all that is wanted, as that of nulls is not.
func (w *walk) startsSingle() bool {
	first := w.parts[0]
	if w.later || first.origin.declared != 0 || len(first.stretches) == 0 {
		return false
	}
	only := len(w.parts) == 1 && len(first.stretches) == 1
	return only || w.source.limit > 0 && first.stretches[0].kind != nulls
}

// batch is what is read at once.
type batch struct {
	*walk
	records, bytes, stretches int // how many may follow
}

func (b *batch) full() bool { return b.records <= 0 || b.bytes <= 0 || b.stretches <= 0 }

func (b *batch) read(conn *sqlite.Conn) error {
	for len(b.parts) > 0 && !b.full() {
		p := &b.parts[0]
		if there, err := b.source.stillThere(conn, p.origin.declared, b.later); err != nil || !there {
			b.parts = nil
			return err
		}
		if err := b.lookForTurn(conn); err != nil {
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

// lookForTurn notes if another process has changed what the plan was made for.
func (b *batch) lookForTurn(conn *sqlite.Conn) error {
	if !b.later || !b.source.store.readOnly {
		return nil
	}
	same, err := b.source.unchanged(conn)
	if err == nil && !same {
		b.source.turned.Store(true)
	}
	return err
}

// prepare returns the statement that reads a stretch, and ends the one before. One
// that is narrowed is not kept: filters make too many of them.
func (b *batch) prepare(conn *sqlite.Conn, o *origin, s stretch, before *sqlite.Stmt) (stmt *sqlite.Stmt, err error) {
	if err := b.release(before); err != nil {
		return nil, err
	}
	if b.only == nil {
		return conn.Prepare(o.sql(s, b.reverse, b.docs || o.check))
	}
	stmt, _, err = conn.PrepareTransient(o.narrowedSQL(s, b.reverse, b.only))
	return stmt, err
}

// release ends a statement, if there is one, unless the connection keeps it.
func (b *batch) release(stmt *sqlite.Stmt) error {
	if b.only == nil || stmt == nil {
		return nil
	}
	return stmt.Finalize()
}

// part reads the stretches of a part as far as the batch goes. Stretches of the
// same shape, as many points are, share a statement.
func (b *batch) part(conn *sqlite.Conn, p *part) (err error) {
	var stmt *sqlite.Stmt
	var prepared shape
	defer func() { err = errors.Join(err, b.release(stmt)) }()
	for !b.full() {
		s, ok := p.next()
		if !ok {
			return nil
		}
		if stmt == nil || s.shape() != prepared {
			if stmt, err = b.prepare(conn, &p.origin, s, stmt); err != nil {
				return err
			}
			prepared = s.shape()
		}
		rest, err := b.stretch(stmt, &p.origin, s)
		if err = errors.Join(err, stmt.Reset()); err != nil {
			return err
		}
		p.begun = append(rest, p.begun...)
		b.stretches--
	}
	return nil
}

// stretch reads a stretch as far as the batch goes, and returns the rest.
func (b *batch) stretch(stmt *sqlite.Stmt, o *origin, s stretch) (rest []stretch, err error) {
	o.bind(stmt, s, b.only.bind(stmt, 0))
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return nil, err
		}
		size, kept := b.look.at(stmt, o.check)
		if kept {
			b.entries = append(b.entries, b.look.entry)
		}
		b.records--
		b.bytes -= size
		if b.full() {
			return s.rest(o.valueOf(stmt), b.look.entry.ID, b.reverse), nil
		}
	}
}

// look shows keep the rows of a statement, one after the other.
type look struct {
	keep  func(*execute.Entry) bool
	entry execute.Entry // of the last row
	kept  bool
}

// at looks at a row, and returns how many bytes its document has.
func (l *look) at(stmt *sqlite.Stmt, check bool) (size int, kept bool) {
	l.entry, l.kept = execute.Entry{ID: stmt.ColumnInt64(0), Check: check}, false
	const columns = 2
	switch stmt.ColumnCount() {
	case columns:
		return 0, l.keep(&l.entry)
	case columns + 1: // what a narrowing says
		return 0, stmt.ColumnBool(columns) && l.keep(&l.entry)
	}
	l.entry.Apart, l.entry.Fresh = apart(stmt, columns), true
	n, _ := stmt.ColumnReader(columns + 1).WriteTo(l) // Write does not fail
	return int(n), l.kept
}

// Write is shown SQLite's own bytes of a document, which are copied only if the
// record is wanted: most that a scan comes upon are not.
func (l *look) Write(doc []byte) (int, error) {
	l.entry.Doc = doc
	if l.kept = l.keep(&l.entry); l.kept {
		l.entry.Doc = bytes.Clone(doc)
	}
	return len(doc), nil
}

// blob returns a copy of a column's bytes.
func blob(stmt *sqlite.Stmt, column int) []byte {
	data := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, data)
	return data
}
