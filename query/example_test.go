package query_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func parse(text string) bson.Raw {
	doc, err := query.Document(text)
	if err != nil {
		panic(err)
	}
	return doc
}

func ExampleParse() {
	filter, err := query.Parse(`{completed: null, "header.user": {$in: ["ann", "bob"]}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, task := range []string{
		`{msg_id: "m1", header: {user: "ann"}}`,
		`{msg_id: "m2", header: {user: "eve"}}`,
		`{msg_id: "m3", header: {user: "bob"}, completed: ISODate("2026-01-01T00:00:00Z")}`,
	} {
		ok, err := filter.Match(parse(task))
		fmt.Println(ok, err)
	}
	// Output:
	// true <nil>
	// false <nil>
	// false <nil>
}

// A filter that is wrong is refused before any document is looked at, and the
// error says where it is wrong.
func ExampleError() {
	_, err := query.Parse(`{$or: [{completed: null}, {submitted: {$after: 5}}]}`)
	var wrong *query.Error
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Code, wrong.CodeName())
		fmt.Println(wrong.Message)
		fmt.Println(wrong.Path)
	}
	// Output:
	// 2 BadValue
	// unknown operator: $after
	// $or.1.submitted.$after
}

// IPython's spellings are written as MongoDB's own operators for a server.
func ExampleFilter_MongoDB() {
	filter := query.MustParse(`{submitted: {$ge: 5}}`)
	fmt.Println(filter.Source())
	fmt.Println(filter.MongoDB())
	// Output:
	// {"submitted": {"$ge": {"$numberInt":"5"}}}
	// {"submitted": {"$gt": {"$numberInt":"5"}}}
}

func ExampleSort_AppendKey() {
	sort, err := query.ParseSortValue(`{engine: 1, submitted: -1}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	type keyed struct {
		key []byte
		doc bson.Raw
	}
	var tasks []keyed
	for _, text := range []string{`{engine: 2, submitted: 1}`, `{engine: 1, submitted: 5}`, `{engine: 1, submitted: 7.5}`} {
		doc := parse(text)
		key, err := sort.AppendKey(nil, doc)
		if err != nil {
			fmt.Println(err)
			return
		}
		tasks = append(tasks, keyed{key, doc})
	}
	slices.SortFunc(tasks, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	for _, task := range tasks {
		fmt.Println(task.doc)
	}
	// Output:
	// {"engine": {"$numberInt":"1"},"submitted": {"$numberDouble":"7.5"}}
	// {"engine": {"$numberInt":"1"},"submitted": {"$numberInt":"5"}}
	// {"engine": {"$numberInt":"2"},"submitted": {"$numberInt":"1"}}
}

func ExampleProjection_Apply() {
	projection, err := query.ParseProjectionValue(`{msg_id: 1, "header.user": 1, _id: 0}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	shown, err := projection.Apply(nil, parse(`{_id: 1, msg_id: "m", header: {user: "ann", date: null}, content: {}}`), nil)
	fmt.Println(bson.Raw(shown), err)
	// Output:
	// {"msg_id": "m","header": {"user": "ann"}} <nil>
}

func ExampleDistinct() {
	users, err := query.NewDistinct("header.user")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{`{header: {user: "ann"}}`, `{header: {user: ["bob", "ann"]}}`, `{}`} {
		users.Add(parse(text))
	}
	fmt.Println(users.Values())
	// Output:
	// ["ann" "bob"]
}
