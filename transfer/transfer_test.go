package transfer_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/mongo"
	_ "github.com/taskdb/taskdb/backends/nodb"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/source"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

var server *mongotest.Server

func TestMain(m *testing.M) { os.Exit(mongotest.Main(m, &server)) }

// sample are the 406 records of two runs of a real cluster.
const sample = "../importers/ipython/testdata/tasks.db"

func open(t *testing.T, url string) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func newFile(t *testing.T) string {
	return "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "tasks.db"))
}

func encode(t *testing.T, doc any) bson.Raw {
	encoded, err := bson.Marshal(doc)
	require.NoError(t, err)
	return encoded
}

// of are records of nowhere.
func of(docs ...bson.Raw) transfer.Records {
	return func(yield func(source.Record, error) bool) {
		for _, doc := range docs {
			if !yield(source.Record{Doc: doc}, nil) {
				return
			}
		}
	}
}

// stored returns what a collection has, in the order of the store.
func stored(t *testing.T, db *taskdb.DB) (docs []bson.Raw) {
	for record, err := range transfer.Collection(t.Context(), db, nil) {
		require.NoError(t, err)
		docs = append(docs, record.Doc)
	}
	return docs
}

// results collects what is told.
type results []transfer.Result

func (r *results) tell(result transfer.Result) error {
	*r = append(*r, result)
	return nil
}

func (r results) fates() (fates []transfer.Fate) {
	for _, result := range r {
		fates = append(fates, result.Fate)
	}
	return fates
}

func copied(t *testing.T, to *taskdb.DB, records transfer.Records, existing transfer.Existing) results {
	var told results
	require.NoError(t, transfer.Copy(t.Context(), to, records, existing, told.tell))
	return told
}

func verified(t *testing.T, in *taskdb.DB, records transfer.Records) results {
	var told results
	require.NoError(t, transfer.Verify(t.Context(), in, records, told.tell))
	return told
}

// TestThroughAllStores holds that records go from IPython's database through stores
// of all kinds, interrupted on each way at points that nobody chose, and come out the
// same to the byte, in their order, buffers included.
func TestThroughAllStores(t *testing.T) {
	collection := "transfer_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + ".task_records"
	start := func(t *testing.T, ctx context.Context, do func(transfer.Records) error) error {
		reader, err := importers.Open(ctx, sample)
		require.NoError(t, err)
		return errors.Join(do(reader.Records(ctx)), reader.Close())
	}
	var want []bson.Raw
	require.NoError(t, start(t, t.Context(), func(records transfer.Records) error {
		for record, err := range records {
			require.NoError(t, err)
			doc, err := taskdb.Prepare(record.Doc)
			require.NoError(t, err)
			want = append(want, doc)
		}
		return nil
	}))
	require.Len(t, want, 406)

	mongo := open(t, server.URL).In(collection)
	t.Cleanup(func() { require.NoError(t, mongo.DropCollection(context.Background())) })
	read := start
	for _, to := range []*taskdb.DB{open(t, newFile(t)), mongo, open(t, "dict:"), open(t, newFile(t))} {
		to = to.In(collection)
		const kept = 5 // from coming to the end
		for try := range kept + 1 {
			left := len(want)
			if try < kept {
				left = rand.IntN(len(want))
			}
			ctx, interrupt := context.WithCancel(t.Context())
			err := read(t, ctx, func(records transfer.Records) error {
				few := func(yield func(source.Record, error) bool) {
					for record, err := range records {
						left--
						if left < 0 && try%2 == 0 {
							interrupt()
						} else if left < 0 {
							return // what was read is stored
						}
						if !yield(record, err) {
							return
						}
					}
				}
				return transfer.Copy(ctx, to, few, transfer.Keep, func(r transfer.Result) error {
					require.Contains(t, []transfer.Fate{transfer.Added, transfer.Same}, r.Fate, "%v", r.Err)
					return nil
				})
			})
			interrupt()
			if try < kept && try%2 == 0 {
				require.ErrorIs(t, err, context.Canceled)
			} else {
				require.NoError(t, err)
			}
		}
		require.Equal(t, want, stored(t, to))
		from := to
		read = func(t *testing.T, ctx context.Context, do func(transfer.Records) error) error {
			return do(transfer.Collection(ctx, from, nil))
		}
	}
}

// TestKeepAndOverwrite holds what becomes of records that are there: the same are
// found so, others stay, with where they differ, or are replaced.
func TestKeepAndOverwrite(t *testing.T) {
	for _, url := range []string{"dict:", newFile(t), server.URL} {
		db := open(t, url).In("transfer_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + ".task_records")
		t.Cleanup(func() { require.NoError(t, db.DropCollection(context.Background())) })
		task := func(id, label string) bson.Raw {
			return encode(t, bson.D{{Key: "_id", Value: id}, {Key: "msg_id", Value: id}, {Key: "label", Value: label}})
		}
		require.NoError(t, db.AddRaw(t.Context(), task("a", "x"), task("b", "x")))
		records := of(task("a", "x"), task("b", "y"), task("c", "x"), task("c", "x"), task("c", "z"))

		told := copied(t, db, records, transfer.Keep)
		require.Equal(t, []transfer.Fate{transfer.Same, transfer.Different, transfer.Added, transfer.Same, transfer.Different}, told.fates())
		require.Equal(t, transfer.Discrepancy{Paths: []string{"label"}}, told[1].Where)
		require.NoError(t, told[1].Err)
		require.Equal(t, []bson.Raw{task("a", "x"), task("b", "x"), task("c", "x")}, stored(t, db))

		told = copied(t, db, records, transfer.Overwrite)
		require.Equal(t, []transfer.Fate{transfer.Same, transfer.Replaced, transfer.Same, transfer.Same, transfer.Replaced}, told.fates())
		require.Equal(t, []string{"label"}, told[1].Where.Paths)
		require.Equal(t, []bson.Raw{task("a", "x"), task("b", "y"), task("c", "z")}, stored(t, db))
	}
}

// TestAnothersMsgID holds that a record whose msg_id another one has is neither
// stored nor does it replace that one.
func TestAnothersMsgID(t *testing.T) {
	for _, url := range []string{"dict:", newFile(t)} {
		db := open(t, url)
		there := encode(t, bson.D{{Key: "_id", Value: 1}, {Key: "msg_id", Value: "a"}})
		require.NoError(t, db.AddRaw(t.Context(), there))
		for _, existing := range []transfer.Existing{transfer.Keep, transfer.Overwrite} {
			told := copied(t, db, of(encode(t, bson.D{{Key: "msg_id", Value: "a"}})), existing)
			require.Equal(t, []transfer.Fate{transfer.Different}, told.fates())
			require.ErrorIs(t, told[0].Err, taskdb.ErrExists)
			require.Equal(t, []bson.Raw{there}, stored(t, db))
		}
	}
}

// TestRefused holds that a record that cannot be stored keeps no other from it.
func TestRefused(t *testing.T) {
	db := open(t, "dict:")
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "label,queue", Unique: true})
	require.NoError(t, err)
	told := copied(t, db, of(
		encode(t, bson.D{{Key: "_id", Value: bson.A{}}}),
		bson.Raw("broken"),
		encode(t, bson.D{{Key: "_id", Value: 1}, {Key: "label", Value: "x"}}),
		encode(t, bson.D{{Key: "_id", Value: 2}, {Key: "label", Value: "x"}}),
		encode(t, bson.D{{Key: "_id", Value: 3}, {Key: "label", Value: "y"}}),
	), transfer.Overwrite)
	require.Equal(t, []transfer.Fate{transfer.Refused, transfer.Refused, transfer.Added, transfer.Refused, transfer.Added}, told.fates())
	require.ErrorIs(t, told[3].Err, taskdb.ErrExists)
	require.Len(t, stored(t, db), 2)
}

// TestIDsOfAllTypes holds that records are known by their _id, whatever it is.
func TestIDsOfAllTypes(t *testing.T) {
	var docs []bson.Raw
	for _, id := range []any{nil, 1, int64(1) << 60, 2.5, "1", "", bson.D{}, bson.D{{Key: "a", Value: bson.D{{Key: "$in", Value: bson.A{1}}}}}, bson.D{{Key: "a", Value: 1}},
		bson.Binary{Data: []byte("1")}, bson.ObjectID{}, true, bson.DateTime(1), bson.Timestamp{T: 1}, bson.MinKey{}, bson.MaxKey{}} {
		docs = append(docs, encode(t, bson.D{{Key: "_id", Value: id}, {Key: "x", Value: 1}}))
	}
	for _, url := range []string{"dict:", newFile(t)} {
		db := open(t, url).In("a.b")
		for _, fate := range []transfer.Fate{transfer.Added, transfer.Same} {
			for _, told := range copied(t, db, of(docs...), transfer.Keep) {
				require.Equal(t, fate, told.Fate, "%s: %v", told.Doc, told.Err)
			}
		}
		require.Equal(t, docs, stored(t, db))
		told := copied(t, db, of(encode(t, bson.D{{Key: "_id", Value: 1.0}, {Key: "x", Value: 1}})), transfer.Keep)
		require.Equal(t, []transfer.Fate{transfer.Different}, told.fates(), "the _id is the same number, of another type")
		require.Equal(t, []string{"_id"}, told[0].Where.Paths)
	}
}

// TestVerify holds that what is not there as it should be is found: a byte of a
// buffer, a buffer, a record.
func TestVerify(t *testing.T) {
	task := func(id string, buffers ...[]byte) bson.Raw {
		return encode(t, bson.D{{Key: "_id", Value: id}, {Key: "buffers", Value: buffers}})
	}
	for _, url := range []string{"dict:", newFile(t)} {
		big := []byte(strings.Repeat("x", 300_000))
		other := append([]byte(nil), big...)
		other[200_000] = 'y'
		db := open(t, url)
		copied(t, db, of(task("same", big, big), task("byte", big, other), task("buffer", big)), transfer.Keep)
		told := verified(t, db, of(task("same", big, big), task("byte", big, big), task("buffer", big, big), task("record", big),
			encode(t, bson.D{{Key: "a", Value: 1}})))
		require.Equal(t, []transfer.Fate{transfer.Same, transfer.Different, transfer.Different, transfer.Missing, transfer.Refused}, told.fates())
		require.Equal(t, []string{"buffers.1"}, told[1].Where.Paths)
		require.Equal(t, []string{"buffers.1"}, told[2].Where.Paths)
		require.Len(t, stored(t, db), 3, "it stores nothing")
	}
	require.Equal(t, []transfer.Fate{transfer.Missing}, verified(t, open(t, "nodb:"), of(task("a"))).fates())
}

// TestSourceThatBreaksOff holds that what a store could give before its error is
// stored, and that the error is no record's.
func TestSourceThatBreaksOff(t *testing.T) {
	from, to := open(t, "dict:"), open(t, "dict:")
	for i := range 5000 { // more than a store reads ahead
		require.NoError(t, from.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: i}})))
	}
	ctx, interrupt := context.WithCancel(t.Context())
	records := func(yield func(source.Record, error) bool) {
		for record, err := range transfer.Collection(ctx, from, nil) {
			interrupt()
			if !yield(record, err) {
				return
			}
		}
	}
	var told results
	require.ErrorIs(t, transfer.Copy(t.Context(), to, records, transfer.Keep, told.tell), context.Canceled)
	require.NotEmpty(t, told)
	require.Less(t, len(told), 5000)
	require.Len(t, stored(t, to), len(told))
}

// TestIndexes holds that the indexes that were declared are made, that to make them
// again changes nothing, and that one that cannot be made keeps no other from it.
func TestIndexes(t *testing.T) {
	from, to := open(t, "dict:"), open(t, newFile(t))
	for _, index := range []taskdb.Index{
		{Keys: "header.session,-submitted"},
		{Keys: "n", Unique: true},
		{Keys: "label,queue", Name: "mine", Partial: `{label: {$type: "string"}}`},
	} {
		_, err := from.CreateIndex(t.Context(), index)
		require.NoError(t, err)
	}
	list, err := from.Indexes(t.Context())
	require.NoError(t, err)
	for range 2 {
		made, err := transfer.Indexes(t.Context(), to, list)
		require.NoError(t, err)
		require.Equal(t, 3, made)
		got, err := to.Indexes(t.Context())
		require.NoError(t, err)
		require.Equal(t, list, got)
	}

	full := open(t, "dict:")
	for i := range 2 {
		require.NoError(t, full.AddRaw(t.Context(), encode(t, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: 1}})))
	}
	made, err := transfer.Indexes(t.Context(), full, list)
	require.ErrorIs(t, err, taskdb.ErrExists)
	require.Equal(t, 2, made)
}
