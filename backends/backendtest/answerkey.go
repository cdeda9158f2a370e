package backendtest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// answerCase is one case of the answer key: documents, a command, and what
// MongoDB 8.2 answers.
type answerCase struct {
	ID        string
	Docs      []bson.Raw
	Command   bson.Raw
	Expected  bson.RawValue // an array of documents, or missing
	Error     int32
	Needs     []string
	Unordered bool
	NaN       bool
}

// AnswerKey asks a store every question of MongoDB's answer key that needs no
// more than filters, projections and sorts. The key's files lie in folder; where
// they are not, the test is skipped. It prints the score of each group.
func AnswerKey(t *testing.T, folder string, open Opener) {
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		t.Skipf("the answer key is not on this machine: no %s", folder)
	}
	score := newScore(open)
	for _, file := range []string{"find.jsonl.gz", "stages.jsonl.gz"} {
		for c := range readAnswers(t, filepath.Join(folder, file)) {
			if !slices.ContainsFunc(c.Needs, func(need string) bool { return need != "positional" }) {
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
	if code, ok := doc.Lookup("error").AsInt64OK(); ok {
		c.Error = int32(code)
	}
	for _, need := range values(doc.Lookup("needs")) {
		c.Needs = append(c.Needs, need.StringValue())
	}
	c.Unordered, _ = doc.Lookup("unordered").BooleanOK()
	c.NaN, _ = doc.Lookup("nan").BooleanOK()
	return c
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
	if reason, ok := refusedOnPurpose[c.ID]; ok && c.Error == 0 && strings.HasPrefix(wrong, "refused") {
		s.listed[c.ID] = true
		t.Logf("refused on purpose: %s: %s", c.ID, reason)
		return
	}
	t.Errorf("%s\n  docs    %v\n  command %s\n  %s", c.ID, c.Docs, c.Command, wrong)
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
	require.NoError(t, db.AddRaw(t.Context(), c.Docs...))
	got, err := run(t, db, c.Command)
	var failed *query.Error
	switch {
	case err != nil && !errors.As(err, &failed):
		return fmt.Sprintf("failed: %v", err)
	case err != nil && c.Error == 0:
		return fmt.Sprintf("refused: %v\n  want    %s", err, c.Expected)
	case err != nil && int32(failed.Code) != c.Error:
		return fmt.Sprintf("refused: %v\n  want code %d", err, c.Error)
	case err != nil:
		return ""
	case c.Error != 0:
		return fmt.Sprintf("got     %v\n  want code %d", got, c.Error)
	}
	if !sameAnswer(got, c) {
		return fmt.Sprintf("got     %v\n  want    %s", got, c.Expected)
	}
	return ""
}

func sameAnswer(got []bson.RawValue, c answerCase) bool {
	gotKeys, wantKeys := answerKeys(got, c.NaN), answerKeys(values(c.Expected), c.NaN)
	if c.Unordered {
		sort.Strings(gotKeys)
		sort.Strings(wantKeys)
	}
	return slices.Equal(gotKeys, wantKeys)
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

// run carries out a find, a distinct, or a pipeline of $match and $sort.
func run(t *testing.T, db *taskdb.DB, command bson.Raw) ([]bson.RawValue, error) {
	if stages := command.Lookup("stages"); !stages.IsZero() {
		q, err := pipeline(values(stages))
		if err != nil {
			return nil, err
		}
		return found(t, db, q)
	}
	if key := command.Lookup("key"); !key.IsZero() {
		return db.Distinct(t.Context(), key.StringValue(), argument(command, "query"))
	}
	return found(t, db, taskdb.Query{
		Filter:     argument(command, "filter"),
		Projection: argument(command, "projection"),
		Sort:       argument(command, "sort"),
		Skip:       number(command, "skip"),
		Limit:      number(command, "limit"),
	})
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
