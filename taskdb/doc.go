// Package taskdb is a database of tasks: it stores every task that a hub hands to
// an engine, with its request, its life and its result, and answers MongoDB
// queries about them, whatever the store behind it.
//
// A hub writes: a request came in, an engine took it, this is its result. A client
// reads: what became of the task that somebody else submitted last week, what ran
// on engine 3 in the last hour. The first system of this kind is IPython
// parallel's task database, whose records taskdb keeps as they are.
//
// # Stores and collections
//
// A store is what a URL opens. The part of the URL before the colon says which
// backend keeps it; a program knows those that it imports:
//
//	import (
//		"github.com/taskdb/taskdb/taskdb"
//		_ "github.com/taskdb/taskdb/backends/dict"
//	)
//
//	db, err := taskdb.Open(ctx, "dict:")
//
// A store has collections, each a set of records of its own, named
// "database.collection". A [DB] is a handle on one of them: Open returns that on
// [DefaultCollection], where IPython's hub has its tasks on MongoDB, and [DB.In]
// one on another.
//
// # Records
//
// A record is one task as stored: a BSON document. [TaskRecord] is its Go model;
// every call has a form for it (Add, Get, Find) and one for documents of any kind
// (AddRaw, GetRaw, FindRaw). What comes back is what went in, byte for byte: the
// order of keys, the types of values, keys that taskdb does not know. Times are
// UTC, in milliseconds, as BSON has them.
//
// Every document has an _id, unique in its collection, which it gets when it is
// added without one. In a collection of tasks ([IsTasks]) a msg_id that is a string
// is unique as well. Add is all or nothing: of the records of one call, every one
// is stored, or none. AddEach stores each by itself.
//
// # Queries
//
// A [Query] is a filter, the keys to show, a sort, a skip and a limit, written as
// in MongoDB and with the meaning that MongoDB 8.2 gives them, on every backend: a
// missing key is null, a range holds within one type, $ne matches what is not
// there. Beside MongoDB's operators there are those that IPython's documentation
// lists: $ge (greater than), $le (less than) and $glob (Python's fnmatch). Package
// query is the language.
//
// A query is checked whole before any record is looked at. What is wrong with it,
// or not emulated, is refused; it never gives a wrong answer.
//
// Buffers, the binary parts of requests and results, are often most of a record
// and seldom asked for: Find leaves them out unless the query names them.
//
// # Reading while others write
//
// A DB is safe for use by many goroutines at once. Find, FindRaw and History read
// as their caller goes on, and hold nothing meanwhile: others may add records,
// and so may the caller, within the loop. Each record comes at most once. One that
// is added meanwhile may come or not.
//
// # Copies
//
// What is stored is a copy of what was passed in, and what is returned is a copy of
// what is stored. The caller's records, documents and filters are never changed,
// nor kept beyond the call, and what a call returned is the caller's to change.
//
// # Errors
//
// Errors tell the operation and the key, and are tested for with [errors.Is] and
// [errors.As]: [ErrNotFound], [ErrExists], which is also a [*DuplicateKeyError],
// [ErrTooLarge], [ErrClosed] and the others of this package; a [*query.Error], with
// MongoDB's code and words, for a query or a document that is wrong; and the
// context's own error. A call whose context had ended before the store took it
// did nothing.
package taskdb
