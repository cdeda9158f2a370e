package transfer_test

import (
	"context"
	"fmt"

	"github.com/taskdb/taskdb/taskdb"
	"github.com/taskdb/taskdb/transfer"
)

func ExampleCopy() {
	ctx := context.Background()
	from, _ := taskdb.Open(ctx, "dict:")
	to, _ := taskdb.Open(ctx, "dict:")
	defer from.Close()
	defer to.Close()
	from.Add(ctx, &taskdb.TaskRecord{MsgID: "fit-1"}, &taskdb.TaskRecord{MsgID: "fit-2"})
	to.Add(ctx, &taskdb.TaskRecord{MsgID: "fit-2", Stdout: "half"})

	records := transfer.Collection(ctx, from, `{msg_id: {$glob: 'fit-*'}}`)
	err := transfer.Copy(ctx, to, records, transfer.Overwrite, func(r transfer.Result) error {
		switch r.Fate {
		case transfer.Added:
			fmt.Println(r.Doc.Lookup("_id"), "is new")
		case transfer.Replaced:
			fmt.Println(r.Doc.Lookup("_id"), "was another:", r.Where.Paths)
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// "fit-1" is new
	// "fit-2" was another: [stdout]
	// <nil>
}
