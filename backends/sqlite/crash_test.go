package sqlite_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func testContext() context.Context { return context.Background() }

// crashTask is a task of which some have buffers that go with the record, and
// some such as are stored in pieces before.
func crashTask(writer, n int) *taskdb.TaskRecord {
	record := task(fmt.Sprintf("%d-%d", writer, n))
	size := [...]int{100, 6_000, 300_000, 1_500_000}[n%4]
	record.ResultBuffers = [][]byte{bytes.Repeat([]byte(record.MsgID), 1+size/len(record.MsgID))}
	return record
}

// writeUntilKilled adds tasks, and prints what was acknowledged.
func writeUntilKilled(args []string) error {
	return stepUntilKilled(args[0], func(db *taskdb.DB, writer, n int) error {
		return db.Add(testContext(), crashTask(writer, n))
	})
}

// killedWriters is how many goroutines write until they are killed.
const killedWriters = 8

// stepUntilKilled has each writer carry out its steps one after another, and prints
// which were acknowledged.
func stepUntilKilled(path string, step func(db *taskdb.DB, writer, n int) error) error {
	db, err := taskdb.Open(testContext(), "sqlite:"+path)
	if err != nil {
		return err
	}
	var printing sync.Mutex
	var writers sync.WaitGroup
	for writer := range killedWriters {
		writers.Go(func() {
			for n := 0; ; n++ {
				if err := step(db, writer, n); err != nil {
					panic(err)
				}
				printing.Lock()
				fmt.Fprintf(os.Stdout, "%d %d\n", writer, n)
				printing.Unlock()
			}
		})
	}
	writers.Wait()
	return nil
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	const kills = 20
	for range kills {
		path := newPath(t)
		writers := startChild(t, "write", path)
		acknowledged := map[[2]int]bool{}
		for range 1 + rand.IntN(40) {
			require.True(t, writers.lines.Scan())
			acknowledged[place(t, writers.lines.Text())] = true
		}
		require.NoError(t, writers.Process.Kill())
		for writers.lines.Scan() { // what it said before it died
			acknowledged[place(t, writers.lines.Text())] = true
		}
		writers.kill()

		db := openURL(t, "sqlite:"+path)
		for at := range acknowledged {
			want := crashTask(at[0], at[1])
			got, err := db.Get(t.Context(), want.MsgID)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		for record, err := range db.Find(t.Context(), taskdb.Query{Projection: "{}"}) {
			require.NoError(t, err)
			var writer, n int
			_, err = fmt.Sscanf(record.MsgID, "%d-%d", &writer, &n)
			require.NoError(t, err)
			require.Equal(t, crashTask(writer, n), record, "what is there is whole")
		}
		require.NoError(t, db.Close())
		swept(t, path)
		require.Equal(t, []string{"ok"}, inFile(t, path, "pragma integrity_check"))
		require.NoError(t, os.Remove(path))
	}
}

func place(t *testing.T, line string) (at [2]int) {
	_, err := fmt.Sscan(line, &at[0], &at[1])
	require.NoError(t, err)
	return at
}
