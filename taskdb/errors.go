package taskdb

import (
	"errors"
	"fmt"
	"time"
)

// What can go wrong with a store, to be tested for with errors.Is. A query that
// is wrong is refused with a *query.Error.
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("no such record")
	// ErrExists says that a record with the same key is stored already. The
	// error is also a *DuplicateKeyError, which tells the key.
	ErrExists = errors.New("record exists already")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked says that another process writes to the store. The error names its
	// process id where that is known.
	ErrLocked = errors.New("store is in use by another process")
	// ErrReadOnly says that the store was opened for reading only.
	ErrReadOnly = errors.New("store is open for reading only")
	// ErrUnreachable says that the store's server does not answer. Whether it has done
	// what it was asked is not known.
	ErrUnreachable = errors.New("server is not reachable")
	// ErrNewer says that the store was written by a newer version of taskdb, which
	// it takes to open it.
	ErrNewer = errors.New("store was written by a newer version")
	// ErrIndexConflict says that an index cannot be made or removed beside those
	// that are there.
	ErrIndexConflict = errors.New("index conflict")
	// ErrNoData says that the store keeps no data. It is ErrNotFound too.
	ErrNoData = fmt.Errorf("the store keeps no data: %w", ErrNotFound)
	// ErrNoBuffers says that a key's value is no array of buffers.
	ErrNoBuffers = errors.New("the value is no array of buffers")
	// ErrToken says that a page token is broken, or belongs to another query.
	ErrToken = errors.New("page token does not belong to the query")
	// ErrFull says that a store's bounds are reached, and that it holds too few
	// finished records that could make room; or that there is no room on its disk.
	ErrFull = errors.New("store is full")
	// ErrExpired says that a record was there, and that the store's bounds have
	// removed it. The error is also an *ExpiredError, and ErrNotFound.
	ErrExpired = errors.New("record has expired")
	// ErrNotTried says that an operation of an ordered bulk comes behind one that
	// failed.
	ErrNotTried = errors.New("not tried, since an earlier operation failed")
	// ErrUnderWay says that what was asked for has begun and goes on, though nobody
	// waits for it any more.
	ErrUnderWay = errors.New("it is under way, and goes on")
	// ErrUnsupported says that a store of its kind has no such thing to do.
	ErrUnsupported = errors.New("not supported by this kind of store")
	// ErrTooLarge says that a record is larger than MaxRecordSize.
	ErrTooLarge = errors.New("record is too large")
)

// ExpiredError says which rule of the store removed a record, and when, and how its
// task had ended. It is ErrExpired and ErrNotFound.
type ExpiredError struct {
	MsgID string
	State State  // that it was in; "" if an earlier version removed it, which did not note it
	Rule  string // the bound, as "max_records=1000"
	At    time.Time
}

// Error tells the rule and the time.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("the record has expired by %s at %s", e.Rule, e.At.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// Is tells that the error is ErrExpired and ErrNotFound.
func (e *ExpiredError) Is(target error) bool { return target == ErrExpired || target == ErrNotFound }
