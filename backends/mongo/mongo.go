// Package mongo keeps a store in MongoDB, where one machine is not enough. Import
// it for its URL schemes:
//
//	import _ "github.com/taskdb/taskdb/backends/mongo"
//
//	db, err := taskdb.Open(ctx, "mongodb://hub:secret@db1.example:27017/?replicaSet=rs0")
//	db, err := taskdb.Open(ctx, "mongodb+srv://cluster.example/")
//
// The URL is MongoDB's connection string: hosts, user and password, TLS, pool,
// timeouts, read preference, read and write concern are its options. Of several
// hosts, each must have its port. Without w=… what is acknowledged is on the disks
// of a majority. Without serverSelectionTimeoutMS=… a server that is not reachable
// is given up after ten seconds, with taskdb.ErrUnreachable.
//
// A store is the whole server, and a collection's full name says its database:
// the default one, ipython-tasks.task_records, is the collection task_records of
// the database ipython-tasks, where an unmodified ipyparallel has its tasks. A
// database in the URL's path is what it is to every driver: where the user's name
// is known (authSource).
//
// # The server judges
//
// Queries are checked as on other stores, and then relayed as they came, but for
// IPython's own operators: $ge, $le and $glob are sent as $gt, $lt and $regex. What
// comes back is the server's answer, and so are the errors: a *query.Error with
// MongoDB's code and words.
//
// Each operation is one command about one document, since a single server knows no
// transactions. A batch is therefore seen while it is added, and one that is
// refused is taken back document by document; if the process dies in between, part
// of it stays. A bulk is one command where the server has bulkWrite, as MongoDB 8
// has, but for its deletions of many; elsewhere each update and each deletion is one.
//
// What lies below, the driver's *mongo.Collection or *mongo.Client, is to be had from
// taskdb.DB.As.
//
// # Indexes
//
// The first write to a collection of tasks makes the standard indexes that it does
// not have. That on msg_id has the strings alone, and is called taskdb_msg_id, so
// that IPython's own msg_id_1 has room beside it; where IPython's is there, it does
// the same, and no other is made. Indexes of others are left as they are.
//
// MongoDB takes the strings in an array for values of msg_id too: they are as unique
// as others.
//
// # Buffers
//
// A document of up to 16 MiB is stored as it is, so that others can read it. From
// a larger one buffers are moved to GridFS, the largest first, until it fits, as is
// a buffer of more than a mebibyte that is put: in the bucket COLLECTION.buffers.
// Each leaves a short binary value in its place, its reference, and so counts as a
// buffer to the server's operators; what is asked about the content of such a buffer
// is asked about the reference. When the record is read the buffer is in its place.
//
// A buffer in GridFS whose record is no more is removed by whoever next writes to
// the collection, a day after it was stored at the earliest.
package mongo

import (
	"context"
	"net/url"

	"github.com/taskdb/taskdb/taskdb"
)

func init() {
	for _, scheme := range []string{"mongodb", "mongodb+srv"} {
		taskdb.Register(scheme, func(ctx context.Context, u *url.URL) (taskdb.Backend, error) {
			return Open(ctx, u.String())
		})
	}
}
