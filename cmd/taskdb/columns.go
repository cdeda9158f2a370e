package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// overview is what a table shows of tasks if nothing else is asked for.
// overviewKeys are the keys that it needs.
var (
	overview = []column{
		{title: "msg_id", cell: textOf("msg_id"), whole: true},
		{title: "state", cell: func(doc bson.Raw) string { return string(taskdb.StateOf(doc)) }, whole: true},
		{title: "submitted", cell: textOf("submitted"), whole: true, optional: true},
		{title: "took", cell: took, whole: true, optional: true},
		{title: "label", cell: textOf("label"), optional: true},
		{title: "engine", cell: textOf("engine_uuid"), optional: true},
	}
	overviewKeys = []string{"submitted", "started", "completed", "engine_uuid", "label", "result_content"}
)

// dateForm is how dates are shown to people: as a filter may ask for them.
const dateForm = "2006-01-02 15:04:05Z"

// columnsOf are the columns for keys, or paths, that were asked for.
func columnsOf(keys []string) []column {
	columns := []column{{title: "msg_id", cell: textOf("msg_id"), whole: true}}
	for _, key := range keys {
		if key != "msg_id" {
			columns = append(columns, column{title: key, cell: textOf(key)})
		}
	}
	return columns
}

// keyColumns are the columns for all keys that some documents have, in the order
// in which they are met.
func keyColumns(docs []bson.Raw) []column {
	var keys []string
	columns := []column{}
	for _, doc := range docs {
		elements, _ := doc.Elements()
		for _, element := range elements {
			if key := element.Key(); !slices.Contains(keys, key) {
				keys = append(keys, key)
				columns = append(columns, column{
					title: key,
					cell:  func(doc bson.Raw) string { return text(doc.Lookup(key)) },
					whole: key == "msg_id",
				})
			}
		}
	}
	return columns
}

// textOf returns the function that shows the value of a path.
func textOf(path string) func(doc bson.Raw) string {
	parts := strings.Split(path, ".")
	return func(doc bson.Raw) string { return text(doc.Lookup(parts...)) }
}

// text shows a value for people: strings and dates plainly, null and missing as
// nothing, buffers by their size, everything else as relaxed extended JSON.
func text(v bson.RawValue) string {
	switch v.Type {
	case 0, bson.TypeNull:
		return ""
	case bson.TypeString:
		return v.StringValue()
	case bson.TypeDateTime:
		return v.Time().UTC().Format(dateForm)
	case bson.TypeBinary:
		_, data := v.Binary()
		return fmt.Sprintf("%d bytes", len(data))
	case bson.TypeArray:
		values, _ := v.Array().Values()
		items := make([]string, len(values))
		for i, item := range values {
			items[i] = text(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	shown, err := extendedJSON(v, false)
	if err != nil {
		return v.String()
	}
	return string(shown)
}

// took shows how long a task ran.
func took(doc bson.Raw) string {
	started, ok := doc.Lookup("started").DateTimeOK()
	completed, done := doc.Lookup("completed").DateTimeOK()
	if !ok || !done {
		return ""
	}
	ran := time.Duration(completed-started) * time.Millisecond
	switch {
	case ran >= time.Minute:
		ran = ran.Round(time.Second)
	case ran >= time.Second:
		ran = ran.Round(100 * time.Millisecond)
	}
	return ran.String()
}

// printable writes control characters as Go does, so that no record can steer the
// terminal and none breaks its row.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
