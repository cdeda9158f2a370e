package hub

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Who finds that a task is gone which another comes after cannot tell how it ended. So a
// purge leaves those that lead: from before the others are stored, while it is not
// finished, until they have dropped it, after its end. As nobody comes newly after what is
// finished, what was finished and was dropped by all leads no more, unless a submission of
// this hub is under way. (One of another hub on the same MongoDB, which saw that it was not
// finished and is not stored when it ends and is purged, does not find it.)

// removable selects what a purge may remove of what is finished.
var removable = query.MustParse(`{'hub.leads': {$ne: true}}`)

// lead notes on tasks that others are about to come after them, if they are not
// finished, and this hub's.
func (h *Hub) lead(ctx context.Context, msgIDs []string) error {
	return h.changeThose(ctx, msgIDs, d("completed", nil, "hub.revision", d("$ne", nil), "hub.leads", d("$ne", true)),
		d("$set", d("hub.leads", true)))
}

// leadNoMore notes on tasks that nobody comes after them any more.
func (h *Hub) leadNoMore(ctx context.Context, msgIDs []string) error {
	return h.changeThose(ctx, msgIDs, d(), d("$unset", d("hub.leads", "")))
}

// changeThose changes those of some tasks for which conditions hold.
func (h *Hub) changeThose(ctx context.Context, msgIDs []string, conditions, change bson.D) error {
	for some := range slices.Chunk(msgIDs, maxAsked) {
		filter := append(d("msg_id", d("$in", some)), conditions...)
		if _, err := h.db.Update(ctx, taskdb.Update{Filter: filter, Update: change, Many: true}); err != nil {
			return err
		}
	}
	return nil
}
