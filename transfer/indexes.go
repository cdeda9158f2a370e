package transfer

import (
	"context"
	"errors"

	"github.com/taskdb/taskdb/taskdb"
)

// Indexes makes the indexes of a list, but for the standard ones, in a collection,
// and returns how many of them it has now. One that it cannot have keeps no other
// from being made; the errors are joined. One that makes msg_ids unique, as IPython
// does on MongoDB, is left out where every collection of tasks does so by itself.
//
// Where records are to be copied too, it is quicker to make the indexes after them.
func Indexes(ctx context.Context, in *taskdb.DB, list []taskdb.IndexInfo) (made int, err error) {
	var errs []error
	for _, info := range list {
		if info.Standard || taskdb.IsTasks(in.Collection()) && isOfMsgIDs(info) {
			continue
		}
		index := taskdb.Index{Name: info.Name, Keys: info.Keys, Unique: info.Unique}
		if info.Partial != nil {
			index.Partial = info.Partial
		}
		if _, err := in.CreateIndex(ctx, index); err != nil {
			errs = append(errs, err)
			continue
		}
		made++
	}
	return made, errors.Join(errs...)
}

func isOfMsgIDs(info taskdb.IndexInfo) bool {
	elements, _ := info.Keys.Elements()
	return info.Unique && len(elements) == 1 && elements[0].Key() == "msg_id"
}
