package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/taskdb"
)

// How much one step of the sweeper removes, so that no writer waits long for it.
const (
	sweepChunks  = 32
	sweepKeys    = 2000
	sweepRecords = 200
)

// sweeper is the goroutine that removes what was promised to be removed, and then
// frees the space of what is of no use any more: chunks whose record was not
// stored, keys of dropped indexes, records of dropped collections. It also makes
// tasks lost that nobody has touched for too long. It does so in small steps,
// between the changes of others. What it does not come to, the next process sweeps.
type sweeper struct {
	store *Store
	work  chan struct{}
	stop  context.CancelFunc
	ended chan struct{}

	putOff map[int64]bool // removals, until it is woken again

	mu      sync.Mutex
	waiting map[int64]*awaited // removals, by their ids
}

func newSweeper(s *Store) *sweeper {
	ctx, stop := context.WithCancel(context.Background())
	w := &sweeper{
		store: s, work: make(chan struct{}, 1), stop: stop, ended: make(chan struct{}),
		putOff: map[int64]bool{}, waiting: map[int64]*awaited{},
	}
	w.wake()
	go w.run(ctx)
	return w
}

// wake tells that there may be something to sweep.
func (w *sweeper) wake() {
	select {
	case w.work <- struct{}{}:
	default: // it is told already
	}
}

// await has the outcome of a removal told, once.
func (w *sweeper) await(id int64, a *awaited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting[id] = a
}

// selected returns what a removal is to remove, if it was promised by this process:
// what was found then, and may hold still. Otherwise it is nil.
func (w *sweeper) selected(id int64) *execute.Selection {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.waiting[id]; a != nil {
		return a.selected
	}
	return nil
}

// note counts records that a removal removed.
func (w *sweeper) note(id, records int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.waiting[id]; a != nil {
		a.records.Add(records)
	}
}

// tell sends the outcome of a removal to who waits for it.
func (w *sweeper) tell(id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.waiting[id]; a != nil {
		a.outcome <- err
		delete(w.waiting, id)
	}
}

// tellAll tells all who wait that the store was closed.
func (w *sweeper) tellAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.waiting {
		a.outcome <- underWay(taskdb.ErrClosed)
	}
	clear(w.waiting)
}

func (w *sweeper) close() {
	w.stop()
	<-w.ended
	w.tellAll()
}

func (w *sweeper) run(ctx context.Context) {
	defer close(w.ended)
	var lost <-chan time.Time
	if after := w.store.bounds.LostAfter; after > 0 {
		ticker := time.NewTicker(bounds.Interval(after))
		defer ticker.Stop()
		lost = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-lost:
			w.loseTasks(ctx)
		case <-w.work:
			clear(w.putOff)
			for w.next(ctx) {
			}
		}
	}
}

// next carries out what was promised to be removed, if there is any, or else
// removes some garbage. It tells whether to go on. A removal that fails does not keep
// others waiting; any other error, as of a full disk, puts the rest off.
func (w *sweeper) next(ctx context.Context) bool {
	var promised *removal
	var target garbage
	err := w.store.read(ctx, func(conn *sqlite.Conn) (err error) {
		if promised, err = findRemoval(conn, w.putOff); promised == nil && err == nil {
			target, err = findGarbage(conn)
		}
		return err
	})
	switch {
	case err != nil:
		return false
	case promised != nil:
		if w.store.carryOut(ctx, promised) != nil {
			w.putOff[promised.id] = true
		}
		return true
	case target.remove == nil:
		return false
	}
	return w.store.write(ctx, func(tx *transaction) error { return target.remove(tx, target.id) }) == nil
}

// garbage is something of no use, and how to remove some of it.
type garbage struct {
	id     int64
	remove func(tx *transaction, id int64) error
}

func findGarbage(conn *sqlite.Conn) (garbage, error) {
	for _, kind := range []struct {
		query  string
		remove func(tx *transaction, id int64) error
	}{
		{"select stream from uploads where abandoned = 1 limit 1", (*transaction).sweepStream},
		{"select id from indexes where state = 'dropping' limit 1", (*transaction).sweepIndex},
		{"select id from collections where name is null limit 1", (*transaction).sweepCollection},
	} {
		id, err := number(conn, kind.query)
		if id != 0 || err != nil {
			return garbage{id, kind.remove}, err
		}
	}
	return garbage{}, nil
}

// removeSome carries out a deletion, and then the last statement if there was
// nothing to delete.
func (tx *transaction) removeSome(id int64, some, last string) error {
	if err := tx.execute(some, id); err != nil || tx.conn.Changes() > 0 {
		return err
	}
	return tx.execute(last, id)
}

func (tx *transaction) sweepStream(stream int64) error {
	return tx.removeSome(stream, fmt.Sprintf(
		"delete from chunks where (stream, n) in (select stream, n from chunks where stream = ? limit %d)", sweepChunks),
		"delete from uploads where stream = ?")
}

func (tx *transaction) sweepIndex(id int64) error {
	return tx.removeSome(id, fmt.Sprintf("delete from index_keys where (index_id, key, seq) in "+
		"(select index_id, key, seq from index_keys where index_id = ? limit %d)", sweepKeys),
		"delete from indexes where id = ?")
}

// sweepCollection removes records, and leaves their streams to sweepStream.
func (tx *transaction) sweepCollection(id int64) error {
	table := quoted(droppedName(id))
	last, err := number(tx.conn, fmt.Sprintf("select max(seq) from (select seq from %s order by seq limit %d)", table, sweepRecords))
	if err != nil {
		return err
	}
	if last == 0 {
		return tx.sweepExpired(id)
	}
	for _, sql := range []string{
		"insert or replace into uploads (stream, abandoned) select stream, 1 from buffers where collection = ? and seq <= ? and stream <> 0",
		"delete from buffers where collection = ? and seq <= ?",
		"delete from tails where collection = ? and seq <= ?",
		"delete from touches where collection = ? and seq <= ?",
	} {
		if err := tx.execute(sql, id, last); err != nil {
			return err
		}
	}
	return tx.execute("delete from "+table+" where seq <= ?", last)
}

// sweepExpired removes what is noted of a dropped collection's records, and then its
// table.
func (tx *transaction) sweepExpired(id int64) error {
	some := fmt.Sprintf("delete from expired where (collection, n) in (select collection, n from expired where collection = ? limit %d)", sweepKeys)
	if err := tx.execute(some, id); err != nil || tx.conn.Changes() > 0 {
		return err
	}
	if err := tx.execute("delete from collections where id = ?", id); err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(tx.conn, "drop table "+quoted(droppedName(id)), nil)
}
