package spelling_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
)

func TestNearest(t *testing.T) {
	known := []string{"submitted", "completed", "started", "engine_uuid", "client_uuid", "msg_id", "label", "queue"}
	for word, want := range map[string]string{
		"complete":                        "completed",
		"sumbitted":                       "submitted",
		"Started":                         "started",
		"engine":                          "engine_uuid",
		"engineuuid":                      "engine_uuid",
		"msgid":                           "msg_id",
		"lable":                           "label",
		"labels":                          "label",
		"colour":                          "",
		"":                                "",
		"x":                               "",
		strings.Repeat("completed", 1000): "",
	} {
		require.Equal(t, want, spelling.Nearest(word, slices.Values(known)), word)
	}
}

func TestNearestPrefersTheFirstOfEqualOnes(t *testing.T) {
	for _, known := range [][]string{{"tasks", "taskb"}, {"taskb", "tasks"}} {
		require.Equal(t, "taskb", spelling.Nearest("taskx", slices.Values(known)))
	}
}

// TestNearestFindsOneMistake holds that one letter too many, too few, wrong or
// swapped with its neighbour hides no word.
func TestNearestFindsOneMistake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := []rune(rapid.StringMatching(`[a-zé]{3,30}`).Draw(t, "word"))
		at := rapid.IntRange(0, len(word)-2).Draw(t, "at")
		mistaken := slices.Clone(word)
		switch rapid.SampledFrom([]string{"insert", "delete", "replace", "swap"}).Draw(t, "mistake") {
		case "insert":
			mistaken = slices.Insert(mistaken, at, '_')
		case "delete":
			mistaken = slices.Delete(mistaken, at, at+1)
		case "replace":
			mistaken[at] = '_'
		case "swap":
			mistaken[at], mistaken[at+1] = mistaken[at+1], mistaken[at]
		}
		require.Equal(t, string(word), spelling.Nearest(string(mistaken), slices.Values([]string{string(word)})))
	})
}

func TestPaths(t *testing.T) {
	for filter, want := range map[string][]string{
		`{}`:                                    nil,
		`{completed: null, 'header.user': 'a'}`: {"completed", "header.user"},
		`{$or: [{a: 1}, {$and: [{b: {$gt: 1}}, {a: 2}]}], $nor: [{c: 1}]}`: {"a", "b", "c"},
		`{$comment: 'why', a: {$elemMatch: {b: 1}}}`:                       {"a"},
	} {
		parsed, err := query.Parse(filter)
		require.NoError(t, err)
		require.Equal(t, want, spelling.Paths(parsed.Source()), filter)
	}
}
