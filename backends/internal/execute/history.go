package execute

import (
	"context"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// History yields what taskdb.DB.History does, straight from the documents that a
// walk comes upon: nothing of them but the msg_id is copied. None may be kept apart.
func History(ctx context.Context, source Source) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, filter := range []*query.Filter{withTime, withoutTime} {
			x := start(ctx, source, taskdb.Request{Filter: filter, Sort: bySubmitted})
			for e, err := range x.ordered(ctx) {
				if err != nil {
					yield("", err)
					return
				}
				if id, ok := msgIDOf(e.Doc); ok && !yield(id, nil) {
					return
				}
			}
		}
	}
}

var (
	withTime    = query.MustParse(`{submitted: {$ne: null}}`)
	withoutTime = query.MustParse(`{submitted: null}`)
	bySubmitted = mustSort(`{submitted: 1}`)
)

func mustSort(text string) *query.Sort {
	sort, err := query.ParseSortValue(text)
	if err != nil {
		panic("execute: " + err.Error())
	}
	return sort
}

// msgIDOf returns a document's msg_id, if that is a string.
func msgIDOf(doc bson.Raw) (string, bool) { return doc.Lookup("msg_id").StringValueOK() }
