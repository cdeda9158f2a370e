package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/tidwall/btree"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// handDict is what one would write by hand for these records and these questions:
// the records' bytes, what is asked about beside them in Go's types, and a B-tree
// for each order. It has the indexes of taskdb's dict. Callers share it under one
// lock, and get copies.
type handDict struct {
	mu      sync.RWMutex
	records []*handRecord
	ids     btree.Map[string, *handRecord]
	msgIDs  btree.Map[string, *handRecord]

	submitted, started, completed, unfinished *handTree
	client, engine, queue, label, status      *handTree

	printed map[string][]byte // by msg_id
}

type handTree = btree.BTreeG[*handRecord]

func newHandDict() *handDict {
	return &handDict{
		submitted:  timeTree(func(r *handRecord) int64 { return r.submitted }),
		started:    timeTree(func(r *handRecord) int64 { return r.started }),
		completed:  timeTree(func(r *handRecord) int64 { return r.completed }),
		unfinished: timeTree(func(r *handRecord) int64 { return r.submitted }),
		client:     textTree(func(r *handRecord) string { return r.client }),
		engine:     textTree(func(r *handRecord) string { return r.engine }),
		queue:      textTree(func(r *handRecord) string { return r.queue }),
		label:      textTree(func(r *handRecord) string { return r.label }),
		status:     textTree(func(r *handRecord) string { return r.status }),
		printed:    map[string][]byte{},
	}
}

func timeTree(key func(r *handRecord) int64) *handTree {
	return btree.NewBTreeGOptions(func(a, b *handRecord) bool {
		if x, y := key(a), key(b); x != y {
			return x < y
		}
		return a.seq < b.seq
	}, btree.Options{NoLocks: true})
}

func textTree(key func(r *handRecord) string) *handTree {
	return btree.NewBTreeGOptions(func(a, b *handRecord) bool {
		if x, y := key(a), key(b); x != y {
			return x < y
		}
		return a.seq < b.seq
	}, btree.Options{NoLocks: true})
}

// add stores a copy of a record.
func (h *handDict) add(ctx context.Context, doc bson.Raw) error {
	r, err := newHandRecord(bytes.Clone(doc))
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, taken := h.msgIDs.Get(r.msgID); taken {
		return fmt.Errorf("add %q: %w", r.msgID, taskdb.ErrExists)
	}
	r.seq = uint64(len(h.records))
	h.records = append(h.records, r)
	h.ids.Set(r.msgID, r)
	h.msgIDs.Set(r.msgID, r)
	for _, tree := range []*handTree{h.submitted, h.started, h.completed, h.client, h.engine, h.queue, h.label, h.status} {
		tree.Set(r)
	}
	if r.completed == noTime {
		h.unfinished.Set(r)
	}
	return nil
}

// read calls visit while nobody writes.
func (h *handDict) read(ctx context.Context, visit func()) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	visit()
	return ctx.Err()
}

// copies returns a visitor of a tree that copies records to out while wanted.
func copies(ctx context.Context, out sink, wanted func(r *handRecord) bool) func(r *handRecord) bool {
	n := 0
	return func(r *handRecord) bool {
		if n++; n%1024 == 0 && ctx.Err() != nil || !wanted(r) {
			return false
		}
		out(bytes.Clone(r.doc))
		return true
	}
}

func always(*handRecord) bool { return true }

func (h *handDict) get(ctx context.Context, msgID string, out sink) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	r, ok := h.msgIDs.Get(msgID)
	if !ok {
		return fmt.Errorf("get %q: %w", msgID, taskdb.ErrNotFound)
	}
	out(bytes.Clone(r.doc))
	return ctx.Err()
}

func (h *handDict) incomplete(ctx context.Context, out sink) error {
	return h.read(ctx, func() { h.unfinished.Scan(copies(ctx, out, always)) })
}

// incompleteWithoutBuffers leaves out the keys that taskdb leaves out unless asked.
func (h *handDict) incompleteWithoutBuffers(ctx context.Context, out sink) error {
	return h.read(ctx, func() {
		h.unfinished.Scan(func(r *handRecord) bool {
			out(withoutKeys(r.doc, "_id", "buffers", "result_buffers"))
			return true
		})
	})
}

func (h *handDict) since(ctx context.Context, from int64, out sink) error {
	return h.read(ctx, func() { h.submitted.Ascend(&handRecord{submitted: from}, copies(ctx, out, always)) })
}

func (h *handDict) sinceOfOthers(ctx context.Context, from int64, client string, out sink) error {
	return h.read(ctx, func() {
		h.submitted.Ascend(&handRecord{submitted: from}, func(r *handRecord) bool {
			if r.client != client {
				out(bytes.Clone(r.doc))
			}
			return r.seq%1024 != 0 || ctx.Err() == nil
		})
	})
}

func (h *handDict) onEngines(ctx context.Context, engines []string, out sink) error {
	return h.read(ctx, func() {
		for _, engine := range engines {
			h.engine.Ascend(&handRecord{engine: engine}, copies(ctx, out, func(r *handRecord) bool { return r.engine == engine }))
		}
	})
}

func (h *handDict) byIDs(ctx context.Context, msgIDs []string, out sink) error {
	return h.read(ctx, func() {
		for _, id := range msgIDs {
			if r, ok := h.msgIDs.Get(id); ok {
				out(bytes.Clone(r.doc))
			}
		}
	})
}

func (h *handDict) newest(ctx context.Context, n int, out sink) error {
	return h.read(ctx, func() {
		h.completed.Reverse(func(r *handRecord) bool {
			out(bytes.Clone(r.doc))
			n--
			return n > 0
		})
	})
}

// ofUser looks into every record: the user has no index, and stands only in the
// record's bytes.
func (h *handDict) ofUser(ctx context.Context, user string, out sink) error {
	return h.read(ctx, func() {
		for i, r := range h.records {
			if i%1024 == 0 && ctx.Err() != nil {
				return
			}
			if found, ok := r.doc.Lookup("header", "username").StringValueOK(); ok && found == user {
				out(bytes.Clone(r.doc))
			}
		}
	})
}

func (h *handDict) countStates(ctx context.Context, out sink) error {
	counts := map[taskdb.State]int64{}
	err := h.read(ctx, func() {
		for i, r := range h.records {
			if i%1024 == 0 && ctx.Err() != nil {
				return
			}
			counts[r.state()]++
		}
	})
	writeCounts(counts, out)
	return err
}

func (h *handDict) history(ctx context.Context, out sink) error {
	return h.read(ctx, func() {
		h.submitted.Scan(func(r *handRecord) bool {
			out([]byte(r.msgID))
			return r.seq%1024 != 0 || ctx.Err() == nil
		})
	})
}

// forget does nothing: there are no pages.
func (h *handDict) forget(context.Context) error { return nil }
