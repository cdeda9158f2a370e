package query_test

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// answers is MongoDB's answer key for commands that write, beside the checkout.
const answers = "../../shared/data/mongodb-cases/write.jsonl.gz"

// answeredElsewhere are the needs of cases that are no matter of the language:
// options and faults of commands, and the languages of pipelines and $expr.
var answeredElsewhere = []string{
	"command arguments", "pipeline", "$expr", "hint", "collation", "let", "maxTimeMS", "writeConcern", "bypassDocumentValidation",
}

// commandFaults are the codes of cases that fail by the command's own fields,
// though their needs do not say so: a name that is no text, a field that is
// missing or not known, an index that must be unique.
var commandFaults = []int{16, 73, 40414, 51198, 11000}

// commandCases are such cases whose codes are those of the language, too.
var commandCases = []string{
	"[q_field_rejects_array]", "[u_field_rejects_string]", "[multi_true_with_replacement_errors]", "test_update_sort_with_multi_true_errors",
	"[statement_limit_value_2]", "[ordered_non_boolean_string]", "::test_findAndModify_bson_type_", "[remove-and-up",
	"/test_update_pipeline.py::",
}

// refusedUpdates are cases that are refused, but not with MongoDB's code.
var refusedUpdates = map[string]string{
	"query_and_write/commands/findAndModify/test_findAndModify_errors.py::test_findAndModify_argument_errors[projection-invalid-operator-upsert-and-new]": "a projection does not tell expressions that there are from those that there are not",
}

// TestUpdateAnswers carries out the commands of the answer key on a list of
// documents, as far as they ask for no more than the language, and prints the
// score of each group.
func TestUpdateAnswers(t *testing.T) {
	if _, err := os.Stat(answers); errors.Is(err, os.ErrNotExist) {
		t.Skipf("the answer key is not on this machine: no %s", answers)
	}
	right, asked, refused := map[string]int{}, map[string]int{}, 0
	for c := range readWriteCases(t) {
		if c.elsewhere() {
			continue
		}
		group := c.ID[:strings.LastIndex(strings.Split(c.ID, "::")[0], "/")]
		asked[group]++
		wrong := c.answer()
		if reason, ok := refusedUpdates[c.ID]; ok && strings.HasPrefix(wrong, "refused") {
			t.Logf("refused on purpose: %s: %s", c.ID, reason)
			refused++
		} else if wrong != "" {
			t.Errorf("%s\n  docs    %v\n  write   %s\n  command %s\n  %s", c.ID, c.Docs, c.Write, c.Command, wrong)
		} else {
			right[group]++
		}
	}
	groups := make([]string, 0, len(asked))
	for group := range asked {
		groups = append(groups, group)
	}
	sort.Strings(groups)
	cases := 0
	for _, group := range groups {
		t.Logf("%4d of %4d  %s", right[group], asked[group], group)
		cases += asked[group]
	}
	require.LessOrEqual(t, refused*50, cases, "no more than 2%% may be refused on purpose")
}

// writeCase is one case: documents, a command that writes, one that reads, and
// what MongoDB 8.2 answers.
type writeCase struct {
	ID       string
	Docs     []bson.Raw
	Write    bson.Raw
	Command  bson.Raw
	Expected bson.RawValue
	Error    int
	Needs    []string
	NaN      bool
}

func readWriteCases(t *testing.T) func(yield func(writeCase) bool) {
	return func(yield func(writeCase) bool) {
		file, err := os.Open(answers)
		require.NoError(t, err)
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(unzipped)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var c writeCase
			require.NoError(t, bson.UnmarshalExtJSON(lines.Bytes(), true, &c))
			if !yield(c) {
				return
			}
		}
		require.NoError(t, lines.Err())
	}
}

func (c writeCase) elsewhere() bool {
	return slices.ContainsFunc(c.Needs, func(need string) bool { return slices.Contains(answeredElsewhere, need) }) ||
		slices.Contains(commandFaults, c.Error) ||
		slices.ContainsFunc(commandCases, func(name string) bool { return strings.Contains(c.ID, name) })
}

// answer returns what is wrong with the answer, or nothing.
func (c writeCase) answer() string {
	collection := &collection{docs: slices.Clone(c.Docs)}
	got, err := collection.runBoth(c.Write, c.Command)
	var failed *query.Error
	switch {
	case err != nil && !errors.As(err, &failed):
		return fmt.Sprintf("failed: %v", err)
	case err != nil && failed.Code != c.Error:
		return fmt.Sprintf("refused: %v\n  want    code %d, %s", err, c.Error, c.Expected)
	case err != nil:
		return ""
	case c.Error != 0:
		return fmt.Sprintf("got     %s\n  want    code %d", got, c.Error)
	case !c.equal(got):
		return fmt.Sprintf("got     %s\n  want    %s", got, c.Expected)
	}
	return ""
}

// equal compares answers without regard to the order of keys: the key's authors
// wrote theirs down as it came.
func (c writeCase) equal(got bson.RawValue) bool {
	a, b := ordered(got), ordered(c.Expected)
	if c.NaN {
		return query.Compare(value(a), value(b)) == 0
	}
	return value(a).Equal(value(b))
}

// ordered decodes a value with all keys in order.
func ordered(v bson.RawValue) any {
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		doc := bson.D{}
		elements, _ := v.Document().Elements()
		for _, e := range elements {
			doc = append(doc, bson.E{Key: e.Key(), Value: ordered(e.Value())})
		}
		slices.SortFunc(doc, func(a, b bson.E) int { return strings.Compare(a.Key, b.Key) })
		return doc
	case bson.TypeArray:
		list := bson.A{}
		elements, _ := v.Array().Values()
		for _, e := range elements {
			list = append(list, ordered(e))
		}
		return list
	}
	return v
}
