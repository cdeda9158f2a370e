package sqlite

import (
	"slices"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
)

// maxRemovedAtOnce is how many bytes of a stream are removed with their record.
// The sweeper removes the chunks of larger ones.
const maxRemovedAtOnce = pieceSize

// remove removes records, whose documents have so many bytes, with all that belongs
// to them, or nothing. They need no Doc if there are no declared indexes.
func (tx *transaction) remove(t *table, bytes int64, records ...execute.Entry) error {
	v := t.view.Load()
	hasApart := func(e execute.Entry) bool { return len(e.Apart) > 0 }
	if len(v.declared) == 0 && tx.store.bounds.LostAfter == 0 && !slices.ContainsFunc(records, hasApart) {
		return tx.removeRows(t, bytes, records)
	}
	return tx.atomically(func(tx *transaction) error {
		for _, e := range records {
			if err := tx.removeAllKeys(t, v, e); err != nil {
				return err
			}
			if err := tx.removeApart(t, e.ID, e.Apart); err != nil {
				return err
			}
			if err := tx.unwatch(t, e.ID); err != nil {
				return err
			}
		}
		return tx.removeRows(t, bytes, records)
	})
}

// removeRows removes rows, whose documents have so many bytes.
func (tx *transaction) removeRows(t *table, bytes int64, records []execute.Entry) error {
	if err := tx.removeFrom(t, listed(placesOf(records))); err != nil {
		return err
	}
	tx.count(t, -int64(len(records)), -bytes)
	return nil
}

func placesOf(records []execute.Entry) []int64 {
	seqs := make([]int64, len(records))
	for i, e := range records {
		seqs[i] = e.ID
	}
	return seqs
}

// removeAllKeys removes a record's keys from the declared indexes.
func (tx *transaction) removeAllKeys(t *table, v *view, e execute.Entry) error {
	doc := e.Doc
	if slices.ContainsFunc(e.Apart, v.asksAbout) {
		var err error
		if doc, err = t.whole(tx.conn, e.ID); err != nil {
			return err
		}
	}
	for _, d := range v.declared {
		keys, err := d.index.Keys(doc)
		if err != nil {
			return err
		}
		if err := tx.removeKeys(d, e.ID, keys); err != nil {
			return err
		}
	}
	return nil
}

// removeKeys removes a record's keys from a declared index.
func (tx *transaction) removeKeys(d declared, seq int64, keys query.Keys) error {
	for _, key := range keys.List {
		if err := tx.execute("delete from index_keys where index_id = ? and key = ? and seq = ?", d.id, key, seq); err != nil {
			return err
		}
	}
	return nil
}

// removeApart removes what a record has apart under some keys.
func (tx *transaction) removeApart(t *table, seq int64, keys []string) error {
	if err := tx.removeTails(t, seq, keys); err != nil {
		return err
	}
	return tx.removeBuffers(t, seq, keys)
}

// removeBuffers removes the buffers that a record has apart under some keys, and
// the streams that hold no other buffer of it.
func (tx *transaction) removeBuffers(t *table, seq int64, keys []string) error {
	for _, key := range keys {
		refs, err := t.buffersOf(tx.conn, seq, key)
		if err != nil {
			return err
		}
		if err := tx.execute("delete from buffers where collection = ? and seq = ? and key = ?", t.id, seq, key); err != nil {
			return err
		}
		var freed int64
		last := int64(0)
		for _, ref := range refs {
			freed += ref.size
			if ref.stream == last || ref.stream == 0 {
				continue
			}
			last = ref.stream
			if err := tx.removeStream(t, seq, ref.stream); err != nil {
				return err
			}
		}
		tx.count(t, 0, -freed)
	}
	return nil
}

// removeStream removes a stream of a record, if no buffer is in it any more.
func (tx *transaction) removeStream(t *table, seq, stream int64) error {
	used, err := number(tx.conn, "select count(*) from buffers where collection = ? and seq = ? and stream = ?", t.id, seq, stream)
	if used > 0 || err != nil {
		return err
	}
	chunks, err := number(tx.conn, "select max(n) + 1 from chunks where stream = ?", stream)
	switch {
	case err != nil:
		return err
	case chunks*chunkSize <= maxRemovedAtOnce:
		return tx.execute("delete from chunks where stream = ?", stream)
	}
	tx.onCommit = append(tx.onCommit, tx.store.sweeper.wake)
	return tx.execute("insert or replace into uploads (stream, abandoned) values (?, 1)", stream)
}
