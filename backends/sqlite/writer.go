package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/taskdb"
)

// maxGroup is how many operations are committed together at the most.
const maxGroup = 512

// writer is the one goroutine that writes. Operations that are waiting when it
// is free are committed together.
type writer struct {
	store      *Store
	conn       *sqlite.Conn
	operations chan *operation
	lone       chan *operation // carried out by themselves, without a transaction
	ended      chan struct{}
	group      []*operation

	tables     map[string]*table // those of the store, and what is not committed yet
	nextStream int64

	placeSeen       time.Time // when the files were last seen in place
	commits         int
	maxLog, longLog int64 // from how many bytes on the log is shortened, and when next
	durability      Durability
	forgotten       int // tables and indexes that are gone, see renew
}

// operation is one caller's change. Either the writer takes
// it, and carries it out, or the caller does, and gives it up.
type operation struct {
	change func(tx *transaction) error
	alone  func(conn *sqlite.Conn) error // instead of a change
	taken  atomic.Bool
	err    error
	done   chan struct{}
}

// take tells whether it is the first to be called.
func (op *operation) take() bool { return op.taken.CompareAndSwap(false, true) }

// newWriter reads what the file has and starts the goroutine, which owns conn
// from then on.
func newWriter(s *Store, conn *sqlite.Conn, durability Durability) (*writer, error) {
	w := &writer{
		store: s, conn: conn, operations: make(chan *operation, maxGroup), lone: make(chan *operation), ended: make(chan struct{}),
		maxLog: maxLog, longLog: maxLog, durability: durability,
	}
	if err := w.load(); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// leftovers are what a process that ended left half done: it is for the sweeper.
const leftovers = `
update uploads set abandoned = 1 where abandoned = 0;
update indexes set state = 'dropping' where state = 'building';`

func (w *writer) load() error {
	if err := sqlitex.ExecuteScript(w.conn, leftovers, nil); err != nil {
		return err
	}
	tables, err := loadTables(w.conn)
	if err != nil {
		return err
	}
	w.tables, w.store.tables = tables, maps.Clone(tables)
	if err := w.beginWatch(); err != nil {
		return err
	}
	lastStream, err := number(w.conn, "select max(stream) from (select max(stream) as stream from chunks union all select max(stream) from uploads)")
	w.nextStream = lastStream + 1
	return err
}

// write carries out a change, all of it or nothing, in the writer's goroutine and
// returns when it is committed. If the context ends before the writer takes it,
// nothing was done.
func (s *Store) write(ctx context.Context, change func(tx *transaction) error) error {
	return s.submit(ctx, func(tx *transaction) error { return tx.atomically(change) })
}

// submit is write for a change that leaves nothing behind when it fails.
func (s *Store) submit(ctx context.Context, change func(tx *transaction) error) error {
	return s.hand(ctx, &operation{change: change, done: make(chan struct{})})
}

// alone calls use in the writer's goroutine with its connection, outside of a
// transaction.
func (s *Store) alone(ctx context.Context, use func(conn *sqlite.Conn) error) error {
	return s.hand(ctx, &operation{alone: use, done: make(chan struct{})})
}

// hand gives an operation to the writer and waits for it.
func (s *Store) hand(ctx context.Context, op *operation) error {
	if err := s.writable(); err != nil {
		return err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	queue := s.writer.operations
	if op.alone != nil {
		queue = s.writer.lone
	}
	select {
	case queue <- op:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-op.done:
	case <-ctx.Done():
		if op.take() {
			return ctx.Err()
		}
		<-op.done
	}
	return roomless(op.err)
}

// roomless tells of an error that it is ErrFull, if the disk is full.
func roomless(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultFull {
		return fmt.Errorf("%w: %w", taskdb.ErrFull, err)
	}
	return err
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case first, open := <-w.operations:
			if !open {
				return
			}
			w.gather(first)
			w.commit()
			for _, op := range w.group {
				close(op.done)
			}
			w.shortenLog()
			w.renew()
		case op := <-w.lone:
			if op.take() {
				op.err = op.alone(w.conn)
				close(op.done)
			}
		}
	}
}

// gather takes the operations that are waiting.
func (w *writer) gather(op *operation) {
	w.group = w.group[:0]
	for op != nil {
		if op.take() {
			w.group = append(w.group, op)
		}
		if len(w.group) == maxGroup {
			return
		}
		select {
		case op = <-w.operations: // nil if it is closed
		default:
			return
		}
	}
}

// commit carries out the group in one transaction. An operation that fails leaves
// the others alone; if the transaction fails, all do.
func (w *writer) commit() {
	tx := &transaction{writer: w, conn: w.conn, changed: map[*table]bool{}}
	defer tx.settle()
	err := w.inPlace()
	if err == nil {
		err = tx.begin()
	}
	for _, op := range w.group {
		if err == nil {
			op.err = op.change(tx)
			err = tx.broken()
		}
	}
	if err == nil {
		err = tx.commit()
	}
	if err == nil {
		return
	}
	err = errors.Join(err, tx.rollback())
	for _, op := range w.group {
		if op.err == nil {
			op.err = err
		}
	}
}

// end ends the goroutine. Nobody may be writing.
func (w *writer) end() {
	close(w.operations)
	<-w.ended
}

// close moves the log to the file, and closes the connection: the last one, since one
// that only reads cannot remove the log.
func (w *writer) close() error { return errors.Join(checkpoint(w.conn), w.conn.Close()) }

// transaction is what the writer commits together.
type transaction struct {
	*writer
	conn       *sqlite.Conn
	onCommit   []func()
	onRollback []func()
	changed    map[*table]bool // whose totals are to be saved
	moved      []*table        // whose records got other keys
}

// move notes that a record of a table gets other keys.
func (tx *transaction) move(t *table) {
	if !t.moving.Swap(true) {
		tx.moved = append(tx.moved, t)
	}
	t.moves.Add(1)
}

// settle notes that what was moved is committed, or taken back.
func (tx *transaction) settle() {
	for _, t := range tx.moved {
		t.moving.Store(false)
	}
}

func (tx *transaction) begin() error { return tx.execute("begin immediate") }

func (tx *transaction) commit() error {
	if err := tx.saveTotals(); err != nil {
		return err
	}
	if err := tx.execute("commit"); err != nil {
		return err
	}
	for _, then := range tx.onCommit {
		then()
	}
	return nil
}

// rollback takes back the whole transaction, unless SQLite has done so.
func (tx *transaction) rollback() error {
	tx.takeBack(0, 0)
	if tx.conn.AutocommitEnabled() {
		return nil
	}
	return tx.execute("rollback")
}

// atomically carries out a change, all of it or nothing. A change that is one
// statement is that by itself, and spares a fifth of its time.
func (tx *transaction) atomically(change func(tx *transaction) error) error {
	commits, rollbacks := len(tx.onCommit), len(tx.onRollback)
	if err := tx.execute("savepoint operation"); err != nil {
		return err
	}
	err := change(tx)
	if err != nil {
		tx.takeBack(commits, rollbacks)
		if tx.conn.AutocommitEnabled() {
			return err
		}
		if undone := tx.execute("rollback to operation"); undone != nil {
			return errors.Join(err, undone)
		}
	}
	return errors.Join(err, tx.execute("release operation"))
}

// takeBack undoes in memory what was done since there were so many callbacks.
func (tx *transaction) takeBack(commits, rollbacks int) {
	for _, undo := range slices.Backward(tx.onRollback[rollbacks:]) {
		undo()
	}
	tx.onCommit, tx.onRollback = tx.onCommit[:commits], tx.onRollback[:rollbacks]
}

// broken tells whether SQLite gave up the transaction, as when the disk is full.
func (tx *transaction) broken() error {
	if tx.conn.AutocommitEnabled() {
		return errShared
	}
	return nil
}

var errShared = errors.New("the transaction that it shared with other changes failed")

func (tx *transaction) execute(sql string, args ...any) error {
	if err := sqlitex.Execute(tx.conn, sql, &sqlitex.ExecOptions{Args: args}); err != nil {
		return fmt.Errorf("%.40s: %w", sql, err)
	}
	return nil
}
