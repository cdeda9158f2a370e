package hub

import (
	"context"
	"fmt"

	"github.com/taskdb/taskdb/taskdb"
)

// Purge says which tasks to remove for good. All finished ones are those of the
// state taskdb.StateFinished.
type Purge struct {
	Selection
	// Force removes unfinished tasks too. Their engines are told that there is no
	// such task; what comes after them is aborted.
	Force bool
	// DryRun removes nothing, and tells what would go.
	DryRun bool
}

// Purged tells what a purge removed or, in a dry run, would remove.
type Purged struct {
	taskdb.Purged
	Unknown []string // those of the selection's MsgIDs that do not exist
}

// Purge removes the tasks that it selects, or refuses before anything is gone: with
// taskdb.ErrNotAll if it selects every task and does not say so, or with a
// *taskdb.UnfinishedError, which names them, if some are not finished. Once it has
// begun it is carried through. What ends meanwhile, and others come after, stays, as
// what is not finished, unless Force is set.
func (h *Hub) Purge(ctx context.Context, p Purge) (Purged, error) {
	purged, err := h.purge(ctx, p)
	if err != nil {
		return Purged{}, fmt.Errorf("purge: %w", err)
	}
	return purged, nil
}

func (h *Hub) purge(ctx context.Context, p Purge) (purged Purged, err error) {
	filter, err := p.filter()
	if err != nil {
		return purged, err
	}
	if purged.Unknown, err = h.unknown(ctx, p.MsgIDs); err != nil {
		return purged, err
	}
	if !p.DryRun { // what comes after them is told how they ended while that is known
		if _, err := h.settleAll(ctx); err != nil {
			return purged, err
		}
	}
	purged.Purged, err = h.db.Purge(ctx, taskdb.Purge{Filter: filter, All: p.All, Removable: removable, Force: p.Force, DryRun: p.DryRun})
	if err != nil || p.DryRun {
		h.repairIfUnanswered(err)
		return purged, err
	}
	if purged.Unfinished > 0 {
		h.ended.publishAll()
		h.repairSoon() // what came after them
	}
	h.happened(Event{Kind: EventPurged})
	return purged, nil
}
