package importers_test

import (
	"context"
	"fmt"
	"log"

	"github.com/taskdb/taskdb/importers"
)

func ExampleOpen() {
	ctx := context.Background()
	r, err := importers.Open(ctx, "ipython/testdata/tasks.db")
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()

	failed := map[string]int{}
	for record, err := range r.Records(ctx) {
		if err != nil {
			log.Print(err) // this record is lost; the others follow
			continue
		}
		for _, w := range record.Warnings {
			log.Printf("%s, row %d: %v", record.Source, record.Row, w)
		}
		if status, _ := record.Doc.Lookup("result_content", "status").StringValueOK(); status == "error" {
			failed[record.Source]++
		}
	}
	fmt.Println(failed)
	// Output: map[ipython-tasks:16 ipython-tasks_1:16]
}
