package sqlite_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// userDoc is a record of one of some users, of which a few are lists.
func userDoc(n int) bson.Raw {
	user := any(fmt.Sprintf("user-%02d", n%40))
	if n%97 == 0 {
		user = bson.A{user, "user-00"}
	}
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: fmt.Sprintf("%06d", n)}, {Key: "header", Value: bson.D{{Key: "username", Value: user}}}})
	if err != nil {
		panic(err)
	}
	return doc
}

func addUsers(db *taskdb.DB, from, to int) error {
	docs := make([]bson.Raw, 0, to-from)
	for n := from; n < to; n++ {
		docs = append(docs, userDoc(n))
	}
	return db.AddRaw(testContext(), docs...)
}

// explained returns how a filter is carried out.
func explained(t *testing.T, db *taskdb.DB, filter any) *taskdb.Explanation {
	t.Helper()
	explanation, err := db.Explain(t.Context(), taskdb.Query{Filter: filter})
	require.NoError(t, err)
	return explanation
}

func TestAnIndexIsBuiltWhileOthersWrite(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	require.NoError(t, addUsers(db, 0, 20_000))
	var writing sync.WaitGroup
	built := make(chan struct{})
	for writer := range 4 {
		writing.Go(func() {
			for n := 100_000 * (writer + 1); ; n++ {
				if err := addUsers(db, n, n+1); err != nil {
					panic(err)
				}
				select {
				case <-built:
					return
				default:
				}
			}
		})
	}
	name, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username"})
	close(built)
	writing.Wait()
	require.NoError(t, err)

	for _, user := range []string{"user-00", "user-07", "user-39"} {
		filter := bson.D{{Key: "header.username", Value: user}}
		indexed := found(t, db, filter)
		require.Equal(t, name, explained(t, db, filter).Scans[0].Index)
		require.Equal(t, found(t, db, bson.D{{Key: "$nor", Value: bson.A{bson.D{{Key: "$nor", Value: bson.A{filter}}}}}}), indexed)
		require.GreaterOrEqual(t, len(indexed), 500, "all that were there at the start")
	}
}

func TestAUniqueIndexThatCannotBeBuiltLeavesNothing(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	require.NoError(t, addUsers(db, 0, 100))
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username", Unique: true})
	var duplicate *taskdb.DuplicateKeyError
	require.ErrorAs(t, err, &duplicate)
	require.Equal(t, parse(t, `{"header.username": "user-00"}`), duplicate.KeyValue)
	infos, err := db.Indexes(t.Context())
	require.NoError(t, err)
	require.True(t, infos[len(infos)-1].Standard)
	require.NoError(t, addUsers(db, 100, 200), "what the index would have refused is stored")
	require.NoError(t, db.Close())
	swept(t, path)
}

// buildUntilKilled fills a store, says so, and makes and drops an index again and
// again.
func buildUntilKilled(args []string) error {
	db, err := taskdb.Open(testContext(), "sqlite:"+args[0])
	if err != nil {
		return err
	}
	if err := addUsers(db, 0, 5000); err != nil {
		return err
	}
	for {
		_, built := db.CreateIndex(testContext(), taskdb.Index{Keys: "header.username"})
		os.Stdout.WriteString("built\n")
		if err := errors.Join(built, db.DropIndex(testContext(), "header.username_1")); err != nil {
			return err
		}
		os.Stdout.WriteString("dropped\n")
	}
}

func TestAnIndexThatWasHalfBuiltAtAKillIsRemoved(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := newPath(t)
		builder := startChild(t, "build", path)
		for range 1 + rand.IntN(6) {
			require.True(t, builder.lines.Scan())
		}
		builder.kill()
		swept(t, path)
		db := openURL(t, "sqlite:"+path)
		_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username"})
		require.NoError(t, err)
		require.Len(t, found(t, db, `{"header.username": "user-07"}`), 125)
		require.NoError(t, db.Close())
		require.Equal(t, []string{"ok"}, inFile(t, path, "pragma integrity_check"))
	}
}

func TestAnIndexThatIsDroppedWhileItIsReadIsAnError(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	require.NoError(t, addUsers(db, 0, 10_000))
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "header.username"})
	require.NoError(t, err)
	var failed error
	read := 0
	for _, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: `{"header.username": {$gte: ""}}`}) {
		if read++; read == 1 {
			require.NoError(t, db.DropIndex(t.Context(), "header.username_1"))
		}
		failed = err
	}
	require.ErrorContains(t, failed, "index was dropped")
	require.Less(t, read, 10_000)
}

func TestACollectionThatIsDroppedWhileItIsReadEnds(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	for _, filter := range []string{`{}`, `{submitted: null}`} {
		require.NoError(t, addUsers(db, 0, 5000))
		read := 0
		for _, err := range db.FindRaw(t.Context(), taskdb.Query{Filter: filter}) {
			require.NoError(t, err)
			if read++; read == 1 {
				require.NoError(t, db.DropCollection(t.Context()))
				require.NoError(t, addUsers(db, 0, 5000))
			}
		}
		require.Less(t, read, 5000)
		require.NoError(t, db.DropCollection(t.Context()))
	}
}
