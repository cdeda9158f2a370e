package main

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// write calls change while nobody else reads or writes.
func (h *handDict) write(ctx context.Context, change func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return change()
}

func (h *handDict) finish(ctx context.Context, msgID string, r result) error {
	return h.write(ctx, func() error { return h.set(msgID, r.set) })
}

func (h *handDict) finishAll(ctx context.Context, msgIDs []string, r result) error {
	return h.write(ctx, func() error {
		for _, id := range msgIDs {
			if err := h.set(id, r.set); err != nil {
				return err
			}
		}
		return nil
	})
}

// set sets keys of a task, of those that a result has.
func (h *handDict) set(msgID string, set bson.Raw) error {
	r, ok := h.msgIDs.Get(msgID)
	if !ok {
		return fmt.Errorf("set %q: %w", msgID, taskdb.ErrNotFound)
	}
	next, err := newHandRecord(withKeys(r.doc, set))
	if err != nil {
		return err
	}
	h.started.Delete(r)
	h.completed.Delete(r)
	h.status.Delete(r)
	if r.completed == noTime && next.completed != noTime {
		h.unfinished.Delete(r)
	}
	r.doc, r.started, r.completed, r.status = next.doc, next.started, next.completed, next.status
	h.started.Set(r)
	h.completed.Set(r)
	h.status.Set(r)
	return nil
}

func (h *handDict) claim(ctx context.Context, engine string) (claimed bson.Raw, err error) {
	err = h.write(ctx, func() error {
		var waits *handRecord
		h.unfinished.Scan(func(r *handRecord) bool {
			if r.engine == "" {
				waits = r
			}
			return waits == nil
		})
		if waits == nil {
			return taskdb.ErrNotFound
		}
		h.engine.Delete(waits)
		waits.doc, waits.engine = withKeys(waits.doc, engineKey(engine)), engine
		h.engine.Set(waits)
		claimed = waits.doc // its bytes are never changed
		return nil
	})
	return claimed, err
}

func (h *handDict) print(ctx context.Context, msgID, text string) error {
	return h.write(ctx, func() error {
		if _, ok := h.msgIDs.Get(msgID); !ok {
			return fmt.Errorf("print: %q: %w", msgID, taskdb.ErrNotFound)
		}
		if len(h.printed[msgID])+len(text) > taskdb.MaxRecordSize {
			return taskdb.ErrTooLarge
		}
		h.printed[msgID] = append(h.printed[msgID], text...)
		return nil
	})
}

func (h *handDict) purge(ctx context.Context, before int64) (removed int64, err error) {
	var doomed []*handRecord
	err = h.write(ctx, func() error {
		h.submitted.Scan(func(r *handRecord) bool {
			if r.submitted < before && r.completed != noTime {
				doomed = append(doomed, r)
			}
			return r.submitted < before
		})
		for _, r := range doomed {
			h.remove(r)
		}
		return nil
	})
	return int64(len(doomed)), err
}

func (h *handDict) remove(r *handRecord) {
	h.ids.Delete(r.msgID)
	h.msgIDs.Delete(r.msgID)
	for _, tree := range []*handTree{h.submitted, h.started, h.completed, h.client, h.engine, h.queue, h.label, h.status, h.unfinished} {
		tree.Delete(r)
	}
	h.records[r.seq] = nil
}
