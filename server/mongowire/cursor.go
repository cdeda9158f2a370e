package mongowire

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/server/peers"
	"github.com/taskdb/taskdb/taskdb"
)

// cursor is an answer of which not all was given. Between two commands it holds what
// the store has read ahead, and nothing of the store. Its own fields are guarded by
// those that has it in use.
type cursor struct {
	namespace string
	user      string
	peer      peers.Peer         // who opened it
	largest   int                // bytes that a document may have
	cancel    context.CancelFunc // ends the reading
	next      func() (bson.Raw, error, bool)
	stop      func()
	ahead     bson.Raw // what was read and did not fit into the last batch

	// The registry's mutex guards these.
	cost   int // when it was last used
	inUse  bool
	doomed bool // to be closed when it is no longer in use
	used   time.Time
}

// newCursor returns a cursor over documents. It is the caller's, in use, to be closed
// or kept.
func (r *request) newCursor(ctx context.Context, namespace string, docs func(ctx context.Context) iter.Seq2[bson.Raw, error]) *cursor {
	// It outlives the command that opens it. What ends it is closing it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	next, stop := iter.Pull2(docs(ctx))
	return &cursor{
		namespace: namespace, user: r.user.Name, peer: r.conn.peer, largest: r.server.options.MaxDocumentSize,
		cancel: cancel, next: next, stop: stop, inUse: true,
	}
}

func (c *cursor) close() {
	c.cancel()
	c.stop()
}

// maxBatch is how many bytes of documents a batch has, unless it is one document.
const maxBatch = 16 << 20

// batch returns the next documents as an array: at most so many, if most is not 0, and
// no more than fit into a batch. done tells that there are no more.
func (c *cursor) batch(ctx context.Context, most int64) (batch bson.RawValue, done bool, err error) {
	stop := context.AfterFunc(ctx, c.cancel)
	defer stop()
	start, array := bsoncore.ReserveLength(nil)
	for n := int64(0); ; n++ {
		doc := c.ahead
		c.ahead = nil
		if doc == nil {
			var ok bool
			if doc, err, ok = c.next(); !ok {
				done = true
				break
			}
			if err == nil && len(doc) > c.largest {
				err = fmt.Errorf("a document of %d bytes, of %d: %w", len(doc), c.largest, taskdb.ErrTooLarge)
			}
			if err != nil {
				return bson.RawValue{}, false, interruption(ctx, err)
			}
		}
		if full := most > 0 && n == most || n > 0 && len(array)+len(doc) > maxBatch; full {
			c.ahead = doc
			break
		}
		array = bsoncore.AppendDocumentElement(array, strconv.FormatInt(n, 10), bsoncore.Document(doc))
	}
	array = bsoncore.UpdateLength(append(array, 0), start, int32(len(array)+1))
	return bson.RawValue{Type: bson.TypeArray, Value: array}, done, nil
}

// interruption is the error of a cursor whose reading was interrupted with a command.
func interruption(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
