package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/backends/backendtest"
	"github.com/taskdb/taskdb/taskdb"
)

// The totals of a collection, which has a table of its name: as they are kept, and
// as they are counted.
const (
	keptTotals    = `select records || ' records, ' || bytes || ' bytes' from collections where name = '%[1]s'`
	countedTotals = `select count(*) || ' records, ' || (coalesce(sum(length(doc)), 0)
		+ (select coalesce(sum(size), 0) from buffers where collection = (select id from collections where name = '%[1]s'))
		+ (select coalesce(sum(length(data)), 0) from tails where collection = (select id from collections where name = '%[1]s')))
		|| ' bytes' from "%[1]s"`
)

// ownerless is how many rows there are of records that are not there.
const ownerless = `with c as (select id from collections where name = '%[1]s')
	select (select count(*) from buffers where collection in c and seq not in (select seq from "%[1]s"))
	+ (select count(*) from tails where collection in c and seq not in (select seq from "%[1]s"))
	+ (select count(*) from index_keys where index_id in (select id from indexes where collection in c) and seq not in (select seq from "%[1]s"))`

func TestChanges(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path+"?durability=off")
	open := func(*testing.T) *taskdb.DB { return db }
	backendtest.Changes(t, open, func(check *rapid.T, collection string) {
		kept := inFile(t, path, fmt.Sprintf(keptTotals, collection))
		require.Equal(check, kept, inFile(t, path, fmt.Sprintf(countedTotals, collection)))
		require.Equal(check, []string{"0"}, inFile(t, path, fmt.Sprintf(ownerless, collection)))
	})
	require.NoError(t, db.Close())
	swept(t, path)
	require.Equal(t, []string{"ok"}, inFile(t, path, "pragma integrity_check"))
	for _, table := range []string{"collections", "indexes", "index_keys", "buffers", "tails", "chunks", "uploads", "removals"} {
		require.Equal(t, []string{"0"}, inFile(t, path, "select count(*) from "+table), "all was dropped: %s", table)
	}
}
