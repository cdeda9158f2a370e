package query_test

import (
	"context"
	"strings"
	"testing"
	"time"

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
