package query_test

import (
	"fmt"
	"time"

	"github.com/taskdb/taskdb/query"
)

func ExampleUpdate_Apply() {
	update, err := query.ParseUpdateValue(`{
		$set: {completed: ISODate("2026-01-01T00:00:00Z"), "result_content.status": "ok"},
		$inc: {attempts: 1},
		$push: {log: {$each: ["done"], $slice: -2}}
	}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	task := parse(`{_id: "m1", completed: null, attempts: 1, log: ["sent", "started"]}`)
	changed, modified, err := update.Apply(task, nil, time.Now())
	fmt.Println(modified, err)
	fmt.Println(changed)
	// Output:
	// true <nil>
	// {"_id": "m1","completed": {"$date":{"$numberLong":"1767225600000"}},"attempts": {"$numberInt":"2"},"log": ["started","done"],"result_content": {"status": "ok"}}
}

// The positional $ is the array element by which the filter selected the
// document.
func ExampleUpdate_Apply_positional() {
	filter := query.MustParse(`{"engines.id": 3}`)
	update, err := query.ParseUpdateValue(`{$inc: {"engines.$.tasks": 1}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	changed, _, err := update.Apply(parse(`{_id: 1, engines: [{id: 1, tasks: 7}, {id: 3, tasks: 5}]}`), filter, time.Now())
	fmt.Println(changed.Lookup("engines", "1"), err)
	// Output:
	// {"id": {"$numberInt":"3"},"tasks": {"$numberInt":"6"}} <nil>
}

func ExampleUpdate_Upsert() {
	filter := query.MustParse(`{_id: "lease-7", owner: "hub-1", until: {$lt: 5}}`)
	update, err := query.ParseUpdateValue(`{$set: {until: 9}, $setOnInsert: {taken: 0}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := update.Upsert(filter, time.Now())
	fmt.Println(doc, err)
	// Output:
	// {"_id": "lease-7","owner": "hub-1","taken": {"$numberInt":"0"},"until": {"$numberInt":"9"}} <nil>
}
