package query_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

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

// collection is a list of documents and the commands on it.
type collection struct {
	docs []bson.Raw
}

// runBoth runs a command that writes, if there is one, and then the one that is
// asked about. The key does not tell how the first ended, only what it left.
func (c *collection) runBoth(write, command bson.Raw) (answer bson.RawValue, err error) {
	if write != nil {
		answer, err = c.run(write)
	}
	if command != nil {
		answer, err = c.run(command)
	}
	return answer, err
}

func (c *collection) run(command bson.Raw) (bson.RawValue, error) {
	switch name := command.Index(0).Key(); name {
	case "update":
		return c.update(command)
	case "findAndModify":
		return c.findAndModify(command)
	case "delete":
		return c.delete(command)
	case "find":
		return c.find(command)
	default:
		return bson.RawValue{}, fmt.Errorf("no command: %s", name)
	}
}

// selected returns the places of the documents that a filter selects, in the
// order of a sort.
func (c *collection) selected(filter *query.Filter, sortBy bson.Raw) ([]int, error) {
	parsed, err := query.ParseSort(sortBy)
	if err != nil {
		return nil, err
	}
	var places []int
	keys := map[int][]byte{}
	for i, doc := range c.docs {
		ok, err := filter.Match(doc)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if keys[i], err = parsed.AppendKey(nil, doc); err != nil {
			return nil, err
		}
		places = append(places, i)
	}
	slices.SortStableFunc(places, func(i, j int) int { return bytes.Compare(keys[i], keys[j]) })
	return places, nil
}

func (c *collection) find(command bson.Raw) (bson.RawValue, error) {
	filter, err := query.ParseFilter(subdocument(command, "filter"))
	if err != nil {
		return bson.RawValue{}, err
	}
	places, err := c.selected(filter, subdocument(command, "sort"))
	if err != nil {
		return bson.RawValue{}, err
	}
	found := bson.A{}
	for _, i := range places {
		shown, err := project(subdocument(command, "projection"), c.docs[i], filter)
		if err != nil {
			return bson.RawValue{}, err
		}
		found = append(found, shown)
	}
	return value(found), nil
}

func project(projection, doc bson.Raw, filter *query.Filter) (bson.Raw, error) {
	parsed, err := query.ParseProjection(projection)
	if err != nil {
		return nil, err
	}
	return parsed.Apply(nil, doc, filter)
}

func (c *collection) update(command bson.Raw) (bson.RawValue, error) {
	var selected, modified int32
	var upserted bson.A
	statements, _ := command.Lookup("updates").Array().Values()
	for i, statement := range statements {
		s := statement.Document()
		filter, update, err := parseStatement(subdocument(s, "q"), s)
		if err != nil {
			return bson.RawValue{}, err
		}
		places, err := c.selected(filter, subdocument(s, "sort"))
		if err != nil {
			return bson.RawValue{}, err
		}
		if len(places) > 1 && !isTrue(s, "multi") {
			places = places[:1]
		}
		changed, err := c.change(places, filter, update)
		if err != nil {
			return bson.RawValue{}, err
		}
		selected, modified = selected+int32(len(places)), modified+changed
		if len(places) == 0 && isTrue(s, "upsert") {
			doc, err := c.upsert(filter, update)
			if err != nil {
				return bson.RawValue{}, err
			}
			selected++
			upserted = append(upserted, bson.D{{Key: "index", Value: int32(i)}, {Key: "_id", Value: doc.Lookup("_id")}})
		}
	}
	answer := bson.D{{Key: "n", Value: selected}, {Key: "nModified", Value: modified}, {Key: "ok", Value: 1.0}}
	if upserted != nil {
		answer = append(answer, bson.E{Key: "upserted", Value: upserted})
	}
	return value(answer), nil
}

// parseStatement parses the filter, and the update of a statement or a command.
func parseStatement(filter, statement bson.Raw) (*query.Filter, *query.Update, error) {
	parsed, err := query.ParseFilter(filter)
	if err != nil {
		return nil, nil, err
	}
	u := statement.Lookup("u")
	if u.IsZero() {
		u = statement.Lookup("update")
	}
	var arrayFilters []bson.Raw
	if list, ok := statement.Lookup("arrayFilters").ArrayOK(); ok {
		elements, _ := list.Values()
		for _, e := range elements {
			arrayFilters = append(arrayFilters, e.Document())
		}
	}
	update, err := query.ParseUpdate(u.Document(), arrayFilters)
	return parsed, update, err
}

// change updates the documents at some places and counts those that changed.
func (c *collection) change(places []int, filter *query.Filter, update *query.Update) (modified int32, err error) {
	for _, i := range places {
		doc, changed, err := update.Apply(c.docs[i], filter, time.Now())
		if err != nil {
			return modified, err
		}
		if changed {
			modified++
		}
		c.docs[i] = doc
	}
	return modified, nil
}

func (c *collection) upsert(filter *query.Filter, update *query.Update) (bson.Raw, error) {
	doc, err := update.Upsert(filter, time.Now())
	if err == nil {
		c.docs = append(c.docs, doc)
	}
	return doc, err
}

func (c *collection) delete(command bson.Raw) (bson.RawValue, error) {
	statements, _ := command.Lookup("deletes").Array().Values()
	var n int32
	for _, statement := range statements {
		filter, err := query.ParseFilter(subdocument(statement.Document(), "q"))
		if err != nil {
			return bson.RawValue{}, err
		}
		places, err := c.selected(filter, bson.Raw(encode(bson.D{})))
		if err != nil {
			return bson.RawValue{}, err
		}
		if limit, _ := statement.Document().Lookup("limit").AsInt64OK(); limit == 1 && len(places) > 1 {
			places = places[:1]
		}
		for _, i := range slices.Backward(places) {
			c.docs = slices.Delete(c.docs, i, i+1)
		}
		n += int32(len(places))
	}
	return value(bson.D{{Key: "n", Value: n}, {Key: "ok", Value: 1.0}}), nil
}

func (c *collection) findAndModify(command bson.Raw) (bson.RawValue, error) {
	filter, err := query.ParseFilter(subdocument(command, "query"))
	if err != nil {
		return bson.RawValue{}, err
	}
	places, err := c.selected(filter, subdocument(command, "sort"))
	if err != nil {
		return bson.RawValue{}, err
	}
	before, after, err := c.modifyFirst(places, command)
	if err != nil {
		return bson.RawValue{}, err
	}
	shown := before
	if isTrue(command, "new") {
		shown = after
	}
	last := bson.D{{Key: "n", Value: int32(0)}}
	if before != nil || after != nil {
		last[0].Value = int32(1)
	}
	if !isTrue(command, "remove") {
		last = append(last, bson.E{Key: "updatedExisting", Value: before != nil})
	}
	if before == nil && after != nil {
		last = append(last, bson.E{Key: "upserted", Value: after.Lookup("_id")})
	}
	answer := bson.D{{Key: "lastErrorObject", Value: last}, {Key: "value", Value: nil}, {Key: "ok", Value: 1.0}}
	if shown != nil {
		if answer[1].Value, err = project(subdocument(command, "fields"), shown, filter); err != nil {
			return bson.RawValue{}, err
		}
	}
	return value(answer), nil
}

// modifyFirst carries out findAndModify on the first of some places. A document
// that is not there is nil.
func (c *collection) modifyFirst(places []int, command bson.Raw) (before, after bson.Raw, err error) {
	if isTrue(command, "remove") {
		if len(places) > 0 {
			before = c.docs[places[0]]
			c.docs = slices.Delete(c.docs, places[0], places[0]+1)
		}
		return before, nil, nil
	}
	filter, update, err := parseStatement(subdocument(command, "query"), command)
	switch {
	case err != nil:
		return nil, nil, err
	case len(places) > 0:
		before = c.docs[places[0]]
		_, err = c.change(places[:1], filter, update)
		return before, c.docs[places[0]], err
	case isTrue(command, "upsert"):
		after, err = c.upsert(filter, update)
	}
	return nil, after, err
}

func subdocument(command bson.Raw, key string) bson.Raw {
	if doc, ok := command.Lookup(key).DocumentOK(); ok {
		return doc
	}
	return encode(bson.D{})
}

func isTrue(command bson.Raw, key string) bool {
	v := command.Lookup(key)
	if n, ok := v.AsInt64OK(); ok {
		return n != 0
	}
	set, _ := v.BooleanOK()
	return set
}
