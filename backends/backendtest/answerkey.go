package backendtest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// answerCase is one case of the answer key: documents, a command, and what
// MongoDB 8.2 answers.
type answerCase struct {
	ID        string
	Docs      []bson.Raw
	Write     bson.Raw // a command before the one that is asked about, or nil
	Command   bson.Raw
	Expected  bson.RawValue // an array of documents, a reply, or missing
	Error     int
	Needs     []string
	Unordered bool
	NaN       bool
}

// answered are the needs of cases, by the key's files, that are answered. Others
// are options of commands.
var answered = map[string][]string{
	"find.jsonl.gz":   {"positional", "$expr", "let"},
	"stages.jsonl.gz": {"positional", "$expr"},
	"write.jsonl.gz":  {"positional", "filtered positional", "arrayFilters", "findAndModify", "command arguments", "$expr", "pipeline"},
}

// AnswerKey asks a store every question of MongoDB's answer key that is one of
// its filters, projections, sorts and updates. The key's files lie in folder;
// where they are not, the test is skipped. It prints the score of each group.
func AnswerKey(t *testing.T, folder string, open Opener) {
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		t.Skipf("the answer key is not on this machine: no %s", folder)
	}
	score := newScore(open)
	for _, file := range slices.Sorted(maps.Keys(answered)) {
		for c := range readAnswers(t, filepath.Join(folder, file)) {
			if !slices.ContainsFunc(c.Needs, func(need string) bool { return !slices.Contains(answered[file], need) }) {
				score.ask(t, c)
			}
		}
	}
	score.report(t)
}

func readAnswers(t *testing.T, path string) func(yield func(answerCase) bool) {
	return func(yield func(answerCase) bool) {
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(unzipped)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var doc bson.Raw
			require.NoError(t, bson.UnmarshalExtJSON(lines.Bytes(), true, &doc))
			if !yield(newAnswerCase(doc)) {
				return
			}
		}
		require.NoError(t, lines.Err())
	}
}

func newAnswerCase(doc bson.Raw) answerCase {
	c := answerCase{
		ID:       doc.Lookup("id").StringValue(),
		Docs:     documents(doc.Lookup("docs")),
		Command:  doc.Lookup("command").Document(),
		Expected: doc.Lookup("expected"),
	}
	c.Write, _ = doc.Lookup("write").DocumentOK()
	if code, ok := doc.Lookup("error").AsInt64OK(); ok {
		c.Error = int(code)
	}
	for _, need := range values(doc.Lookup("needs")) {
		c.Needs = append(c.Needs, need.StringValue())
	}
	c.Unordered, _ = doc.Lookup("unordered").BooleanOK()
	c.NaN, _ = doc.Lookup("nan").BooleanOK()
	if updatesByPipeline(c.Write) || updatesByPipeline(c.Command) {
		c.Needs = append(c.Needs, "pipeline") // not every such case says so
	}
	return c
}

func updatesByPipeline(command bson.Raw) bool {
	_, is := command.Lookup("updates", "0", "u").ArrayOK()
	return is
}

func values(array bson.RawValue) []bson.RawValue {
	raw, ok := array.ArrayOK()
	if !ok {
		return nil
	}
	list, _ := raw.Values()
	return list
}

func documents(array bson.RawValue) []bson.Raw {
	var docs []bson.Raw
	for _, v := range values(array) {
		docs = append(docs, v.Document())
	}
	return docs
}

// score counts right answers by group, which is a case's folder.
type score struct {
	open         Opener
	db           *taskdb.DB
	cases        int
	right, asked map[string]int
	listed       map[string]bool
}

func newScore(open Opener) *score {
	return &score{open: open, right: map[string]int{}, asked: map[string]int{}, listed: map[string]bool{}}
}

// casesPerStore is how many cases one store is asked: it holds a collection for
// each, and a store of thousands of collections is none that people have.
const casesPerStore = 100

// ask asks one case, in a collection of its own.
func (s *score) ask(t *testing.T, c answerCase) {
	group := c.ID[:strings.LastIndex(strings.Split(c.ID, "::")[0], "/")]
	s.asked[group]++
	if s.cases%casesPerStore == 0 {
		s.db = s.open(t)
	}
	s.cases++
	wrong := answer(t, s.db.In(fmt.Sprintf("answers.c%d", s.cases)), c)
	if wrong == "" {
		s.right[group]++
		return
	}
	if reason, ok := refusedOnPurpose[c.ID]; ok && strings.HasPrefix(wrong, "refused") {
		s.listed[c.ID] = true
		t.Logf("refused on purpose: %s: %s", c.ID, reason)
		return
	}
	t.Errorf("%s\n  docs    %v\n  write   %s\n  command %s\n  %s", c.ID, c.Docs, c.Write, c.Command, wrong)
}

func (s *score) report(t *testing.T) {
	groups := make([]string, 0, len(s.asked))
	right, asked := 0, 0
	for group, n := range s.asked {
		groups = append(groups, group)
		right, asked = right+s.right[group], asked+n
	}
	sort.Strings(groups)
	for _, group := range groups {
		t.Logf("%4d of %4d  %s", s.right[group], s.asked[group], group)
	}
	t.Logf("%4d of %4d in all, %d refused on purpose", right, asked, len(s.listed))
	require.LessOrEqual(t, len(s.listed)*50, asked, "no more than 2%% may be refused on purpose")
}

// answer asks an empty collection one case and returns what is wrong with the
// answer, or nothing.
func answer(t *testing.T, db *taskdb.DB, c answerCase) string {
	if keys, ok := uniqueInAnswers[c.ID]; ok {
		createIndex(t, db, taskdb.Index{Keys: keys, Unique: true})
	}
	require.NoError(t, db.AddRaw(t.Context(), c.Docs...))
	if c.Write != nil {
		_, _ = run(t, db, c.Write) // the key tells only what it left
	}
	got, err := run(t, db, c.Command)
	switch code := codeOf(err); {
	case err != nil && code == 0:
		return fmt.Sprintf("failed: %v", err)
	case err != nil && c.Error == 0:
		return fmt.Sprintf("refused: %v\n  want    %s", err, c.Expected)
	case err != nil && code != c.Error:
		return fmt.Sprintf("refused: %v\n  want code %d", err, c.Error)
	case err != nil:
		return ""
	case c.Error != 0:
		return fmt.Sprintf("got     %v\n  want code %d", got, c.Error)
	}
	if !sameAnswer(t, got, c) {
		return fmt.Sprintf("got     %v\n  want    %s", got, c.Expected)
	}
	return ""
}

// uniqueInAnswers are the unique indexes of cases that have one.
var uniqueInAnswers = map[string]string{
	"query_and_write/commands/findAndModify/test_findAndModify_errors.py::test_findAndModify_argument_errors[duplicate-key-violation]": "key",
}

// codeOf returns MongoDB's code of an error, or 0.
func codeOf(err error) int {
	var wrong *query.Error
	switch {
	case errors.As(err, &wrong):
		return wrong.Code
	case errors.Is(err, taskdb.ErrExists):
		return taskdb.DuplicateKeyCode
	}
	return 0
}

func sameAnswer(t *testing.T, got []bson.RawValue, c answerCase) bool {
	want := values(c.Expected)
	if reply, ok := c.Expected.DocumentOK(); ok {
		want = []bson.RawValue{documentValue(reply)}
	}
	if c.Write != nil || c.Expected.Type == bson.TypeEmbeddedDocument {
		got, want = withSortedKeys(t, got), withSortedKeys(t, want)
	}
	gotKeys, wantKeys := answerKeys(got, c.NaN), answerKeys(want, c.NaN)
	if c.Unordered {
		sort.Strings(gotKeys)
		sort.Strings(wantKeys)
	}
	return slices.Equal(gotKeys, wantKeys)
}

// withSortedKeys sorts the keys of documents: those of replies, and of what was
// written, stand in the key as its authors thought of them.
func withSortedKeys(t *testing.T, list []bson.RawValue) []bson.RawValue {
	sorted := make([]bson.RawValue, len(list))
	for i, v := range list {
		sorted[i] = v
		switch v.Type {
		case bson.TypeArray:
			array := bson.A{}
			for _, element := range withSortedKeys(t, values(v)) {
				array = append(array, element)
			}
			sorted[i] = encode(t, bson.D{{Key: "", Value: array}}).Lookup("")
		case bson.TypeEmbeddedDocument:
			elements, err := v.Document().Elements()
			require.NoError(t, err)
			doc := bson.D{}
			for _, e := range elements {
				doc = append(doc, bson.E{Key: e.Key(), Value: withSortedKeys(t, []bson.RawValue{e.Value()})[0]})
			}
			slices.SortFunc(doc, func(a, b bson.E) int { return strings.Compare(a.Key, b.Key) })
			sorted[i] = documentValue(encode(t, doc))
		}
	}
	return sorted
}

// answerKeys are strings that are equal if and only if the values have the same
// types and bytes; where NaN counts as equal, if they compare as equal.
func answerKeys(list []bson.RawValue, nan bool) []string {
	keys := make([]string, len(list))
	for i, v := range list {
		keys[i] = fmt.Sprintf("%d:%x", v.Type, v.Value)
		if nan {
			keys[i] = string(query.AppendKey(nil, v))
		}
	}
	return keys
}

// run carries out a find, a distinct, or a pipeline of $match and $sort, which
// answer documents or values, or a command that writes, which answers its reply.
func run(t *testing.T, db *taskdb.DB, command bson.Raw) ([]bson.RawValue, error) {
	switch command.Index(0).Key() {
	case "update", "delete", "findAndModify":
		reply, err := write(t, db, command)
		return []bson.RawValue{reply}, err
	case "stages":
		q, err := pipeline(values(command.Lookup("stages")))
		if err != nil {
			return nil, err
		}
		return found(t, db, q)
	}
	if key := command.Lookup("key"); !key.IsZero() {
		return db.Distinct(t.Context(), key.StringValue(), argument(command, "query"))
	}
	let, err := query.ParseLet(argument(command, "let"), time.Now())
	if err != nil {
		return nil, err
	}
	return found(t, db, taskdb.Query{
		Filter:     let.Filter(argument(command, "filter")),
		Projection: argument(command, "projection"),
		Sort:       argument(command, "sort"),
		Skip:       number(command, "skip"),
		Limit:      number(command, "limit"),
	})
}

// write carries out a command that writes. An operation that fails is an error,
// as a whole command is that is refused.
func write(t *testing.T, db *taskdb.DB, doc bson.Raw) (reply bson.RawValue, err error) {
	parse := map[string]func(bson.Raw) (command.Bulk, error){"update": command.ParseUpdate, "delete": command.ParseDelete}
	if parse, ok := parse[doc.Index(0).Key()]; ok {
		bulk, err := parse(doc)
		if err != nil {
			return reply, err
		}
		outcomes, err := db.Bulk(t.Context(), bulk.Ordered, bulk.Operations...)
		for i := range outcomes {
			if err == nil {
				err = outcomes[i].Err
			}
		}
		return documentValue(encode(t, bulk.Reply(outcomes))), err
	}
	m, err := command.ParseFindAndModify(doc)
	if err != nil {
		return reply, err
	}
	outcome, err := db.FindAndModify(t.Context(), m.Operation, m.Found)
	return documentValue(encode(t, m.Reply(outcome))), err
}

func argument(command bson.Raw, key string) bson.Raw {
	if doc, ok := command.Lookup(key).DocumentOK(); ok {
		return doc
	}
	return bson.Raw{5, 0, 0, 0, 0}
}

func number(command bson.Raw, key string) int64 {
	n, _ := command.Lookup(key).AsInt64OK()
	return n
}

// pipeline makes one query of stages, of which each follows the last in a
// query's own order: filters, then a sort.
func pipeline(stages []bson.RawValue) (taskdb.Query, error) {
	q := taskdb.Query{Projection: bson.D{}}
	filters := bson.A{}
	for _, stage := range stages {
		element, err := stage.Document().IndexErr(0)
		if err != nil {
			return q, err
		}
		switch element.Key() {
		case "$match":
			filter, err := query.ParseMatchStage(element.Value())
			if err != nil {
				return q, err
			}
			filters = append(filters, filter.Source())
		case "$sort":
			if q.Sort, err = query.ParseSortStage(element.Value()); err != nil {
				return q, err
			}
		default:
			return q, fmt.Errorf("the stage %s is none of a query's", element.Key())
		}
	}
	if len(filters) > 0 {
		q.Filter = bson.D{{Key: "$and", Value: filters}}
	}
	return q, nil
}

func found(t *testing.T, db *taskdb.DB, q taskdb.Query) ([]bson.RawValue, error) {
	var got []bson.RawValue
	for doc, err := range db.FindRaw(t.Context(), q) {
		if err != nil {
			return nil, err
		}
		got = append(got, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc})
	}
	return got, nil
}
