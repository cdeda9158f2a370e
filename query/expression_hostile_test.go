package query_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// endless is an expression that would take days.
const endless = `{$map: {input: {$range: [0, 100000]}, in: {$map: {input: {$range: [0, 100000]}, in: {$add: ["$a", "$$this"]}}}}}`

// costly is one that is constant and takes some milliseconds.
const costly = `{$size: {$range: [0, 1000000]}}`

// Whatever an expression asks for, what is asked of one document ends.
func TestNoExpressionGoesOnForever(t *testing.T) {
	doc := shell(t, `{_id: 1, a: 1, list: [1, 2, 3]}`)
	filter := func(text string) func() error {
		return func() error {
			f, err := query.Parse(text)
			if err == nil {
				_, err = f.Match(doc)
			}
			return err
		}
	}
	pipeline := func(stages ...string) func() error {
		return func() error {
			_, err := runPipeline(t, t.Context(), doc, stages...)
			return err
		}
	}
	update := func(stages ...string) func() error {
		return func() error {
			u, err := query.ParsePipelineUpdate(documents(t, stages...))
			if err == nil {
				_, _, err = u.Apply(doc, nil, time.Now())
			}
			return err
		}
	}
	many := func(text string) []string { return strings.Split(strings.Repeat(text+"\n", 500), "\n")[:500] }
	sized := `{$size: ` + endless + `}`
	var rows, paths []string
	for i := range 1000 {
		paths = append(paths, fmt.Sprintf("none%d: 1", i))
		rows = append(rows, `{`+strings.Join(paths[:min(i+1, 200)], ", ")+`}`)
	}
	for name, ask := range map[string]func() error{
		"filter":               filter(`{$expr: ` + sized + `}`),
		"many filters":         filter(`{$or: [` + strings.Join(many(`{$expr: {$eq: [0, {$size: {$range: [0, {$multiply: [1000000, "$a"]}]}}]}}`), ",") + `]}`),
		"constants in filters": filter(`{$or: [` + strings.Join(many(`{$expr: {$eq: [0, `+costly+`]}}`), ",") + `]}`),
		"constants in stages":  pipeline(many(`{$set: {b: ` + costly + `}}`)...),
		"constants in updates": update(many(`{$set: {b: ` + costly + `}}`)...),
		"projection": func() error {
			p, err := query.ParseProjectionValue(`{b: ` + sized + `}`)
			require.NoError(t, err)
			_, err = p.Apply(nil, doc, nil)
			return err
		},
		"update":        update(`{$set: {b: ` + sized + `}}`),
		"long update":   update(many(`{$set: {b: {$size: {$range: [0, {$multiply: [1000000, "$a"]}]}}}}`)...),
		"long pipeline": pipeline(append(many(`{$set: {c: "$a"}}`), `{$project: {b: `+sized+`}}`)...),
		"filtering":     filter(`{$expr: {$size: {$filter: {input: {$range: [0, 1000000]}, cond: ` + sized + `}}}}`),
		"reduction":     filter(`{$expr: {$reduce: {input: {$range: [0, 1000000]}, initialValue: 0, in: ` + sized + `}}}`),
		"sorting":       filter(`{$expr: {$sortArray: {input: [` + strings.Join(rows, ", ") + `], sortBy: {` + strings.ReplaceAll(strings.Join(paths, ", "), "none", "other") + `}}}}`),
		"growing array": filter(`{$expr: {$reduce: {input: {$range: [0, 1000000]}, initialValue: [], in: {$concatArrays: ["$$value", ["$$this"]]}}}}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, query.CodeMaxTimeExpired, requireQueryError(t, ask()).Code)
		})
	}
}

// What is held at one time is bounded, in however many places.
func TestExpressionsHoldNoMoreThanTheyMay(t *testing.T) {
	doc := shell(t, `{_id: 1, a: "`+strings.Repeat("x", 1<<20)+`"}`)
	large := `{$concat: [` + strings.TrimSuffix(strings.Repeat(`"$a",`, 40), ",") + `]}`
	inLet, inCalls, inMaps := `1`, `1`, `"$$this"`
	for range 20 {
		inLet = `{$let: {vars: {v: ` + large + `}, in: ` + inLet + `}}`
		inCalls = `{$eq: [` + large + `, ` + inCalls + `]}`
		inMaps = `{$map: {input: [` + large + `], in: ` + inMaps + `}}`
	}
	for _, expression := range []string{inLet, inCalls, inMaps, `[` + large + `, [` + large + `, [` + large + `]]]`, `{b: ` + large + `, c: {d: ` + large + `, e: ` + large + `}}`} {
		_, err := evaluate(t, expression, doc)
		require.Error(t, err, expression[:20])
		require.Equal(t, query.CodeExceededMemory, requireQueryError(t, err).Code, expression[:20])
	}
}

// A string that is large in many ways at once makes no more than what may be held.
func TestExpressionsOfALargeString(t *testing.T) {
	doc := shell(t, `{_id: 1, a: "`+strings.Repeat("x", 4<<20)+`"}`)
	captured := strings.Repeat("(?=(.*))", 30)
	for expression, code := range map[string]int{
		`{$regexFind: {input: "$a", regex: "` + captured + `"}}`:    query.CodeExceededMemory,
		`{$regexFindAll: {input: "$a", regex: "` + captured + `"}}`: 51151,
		`{$split: ["$a", "x"]}`:                                     query.CodeExceededMemory,
	} {
		_, err := evaluate(t, expression, doc)
		require.Equal(t, code, requireQueryError(t, err).Code, expression)
	}
}

// What is wrong is told in few words, however long the text is that is wrong.
func TestErrorsQuoteLittle(t *testing.T) {
	doc := shell(t, `{_id: 1, a: "`+strings.Repeat("é", 1<<20)+`"}`)
	for _, expression := range []string{
		`{$toInt: "$a"}`, `{$dateFromString: {dateString: "$a", format: "%Y"}}`, `{$dateToString: {date: {$toDate: 0}, timezone: "$a"}}`,
		`{$indexOfArray: [[], 1, "$a"]}`,
	} {
		_, err := evaluate(t, expression, doc)
		require.Less(t, len(requireQueryError(t, err).Message), 10_000, expression)
		require.True(t, utf8.ValidString(err.Error()), expression)
	}
}

// What is removed costs the same, however many characters it may be.
func TestTrimmingByManyCharacters(t *testing.T) {
	blank := strings.Repeat("x", 1<<20) + "é"
	doc := shell(t, `{_id: 1, a: "`+strings.Repeat("é", 1<<20)+`", blank: "`+blank+`"}`)
	got, err := evaluate(t, `{$trim: {input: "$a", chars: "$blank"}}`, doc)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{r: ""}`), got)
}

// What an operator held it holds no longer when its answer is null.
func TestNothingIsHeldOfZipsThatAreNull(t *testing.T) {
	doc := shell(t, `{_id: 1, a: 1000}`)
	many := strings.Repeat(`{$zip: {inputs: [{$range: [0, "$a"]}, null]}}, `, 5000)
	_, err := evaluate(t, `{$size: [[`+many+`1]]}`, doc)
	require.NoError(t, err)
}

func TestReductionsNestNoDeeperThanDocuments(t *testing.T) {
	doc := shell(t, `{_id: 1}`)
	_, err := evaluate(t, `{$reduce: {input: {$range: [0, 5000]}, initialValue: [], in: ["$$value"]}}`, doc)
	require.Equal(t, query.CodeOverflow, requireQueryError(t, err).Code)
	_, err = evaluate(t, `{$reduce: {input: {$range: [0, 100]}, initialValue: {}, in: {a: "$$value"}}}`, doc)
	require.NoError(t, err)
}

// What a stage makes of one document can be many: the context ends it.
func TestAPipelineEndsAmidADocument(t *testing.T) {
	doc := shell(t, `{_id: 1, a: [1, 2, 3, 4, 5]}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := query.ParsePipeline(documents(t, `{$unwind: "$a"}`, `{$set: {b: 1}}`), nil)
	require.NoError(t, err)
	met := 0
	for _, err = range p.Run(ctx, asFound(doc)) {
		met++
		cancel()
	}
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 2, met, "a document, and the error")
}

// runPipeline returns what a pipeline makes of a document.
func runPipeline(t *testing.T, ctx context.Context, doc bson.Raw, stages ...string) (got []bson.Raw, err error) {
	t.Helper()
	p, err := query.ParsePipeline(documents(t, stages...), nil)
	if err != nil {
		return nil, err
	}
	for made, err := range p.Run(ctx, asFound(doc)) {
		if err != nil {
			return nil, err
		}
		got = append(got, made)
	}
	return got, nil
}

// documents reads documents.
func documents(t *testing.T, texts ...string) []bson.Raw {
	t.Helper()
	docs := make([]bson.Raw, len(texts))
	for i, text := range texts {
		docs[i] = shell(t, text)
	}
	return docs
}
