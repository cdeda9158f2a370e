package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindingByRegularExpressions(t *testing.T) {
	checkExpressions(t, `{_id: 1, s: "abc123déf456", n: null, p: "[0-9]+", name: "John Smith"}`, []expressionCase{
		{`{$regexFind: {input: "$s", regex: "[0-9]+"}}`, `{match: "123", idx: 3, captures: []}`},
		{`{$regexFind: {input: "$s", regex: /D(.)F/, options: "i"}}`, `{match: "déf", idx: 6, captures: ["é"]}`},
		{`{$regexFind: {input: "$s", regex: "f"}}`, `{match: "f", idx: 8, captures: []}`}, // in code points
		{`{$regexFind: {input: "$name", regex: "(\\w+) (\\w+)"}}`, `{match: "John Smith", idx: 0, captures: ["John", "Smith"]}`},
		{`{$regexFind: {input: "$s", regex: "(abc)|(xyz)"}}`, `{match: "abc", idx: 0, captures: ["abc", null]}`},
		{`{$regexFind: {input: "$s", regex: "()a"}}`, `{match: "a", idx: 0, captures: [""]}`},
		{`{$regexFind: {input: "aabab", regex: "a.*?b"}}`, `{match: "aab", idx: 0, captures: []}`},
		{`{$regexFind: {input: "$s", regex: "x"}}`, `null`},
		{`{$regexFind: {input: "$s", regex: "$p"}}`, `{match: "123", idx: 3, captures: []}`},
		{`{$regexFind: {input: "$n", regex: "x"}}`, `null`},
		{`{$regexFind: {input: "$missing", regex: "x"}}`, `null`},
		{`{$regexFind: {input: "$s", regex: "$n"}}`, `null`},
		{`{$regexFind: {input: "", regex: ""}}`, `{match: "", idx: 0, captures: []}`},
		{`{$regexFind: {input: "$s", regex: "ABC", options: null}}`, `null`},
		{`{$regexFindAll: {input: "$s", regex: "[0-9]+"}}`, `[{match: "123", idx: 3, captures: []}, {match: "456", idx: 9, captures: []}]`},
		{`{$regexFindAll: {input: "$s", regex: /x/}}`, `[]`},
		{`{$regexFindAll: {input: "$n", regex: "x"}}`, `[]`},
		{`{$regexFindAll: {input: "$s", regex: null}}`, `[]`},
		{`{$regexFindAll: {input: "éxé", regex: "x*"}}`, `[{match: "", idx: 0, captures: []}, {match: "x", idx: 1, captures: []}, {match: "", idx: 2, captures: []}]`},
		{`{$regexFindAll: {input: "", regex: "x*"}}`, `[{match: "", idx: 0, captures: []}]`},
		{`{$regexFindAll: {input: "aXbX", regex: "(?<=(?:a|b))x", options: "i"}}`, `[{match: "X", idx: 1, captures: []}, {match: "X", idx: 3, captures: []}]`},
		{`{$map: {input: {$regexFindAll: {input: "k1=v1;k2=v2", regex: "(\\w+)=(\\w+)"}}, in: {$arrayElemAt: ["$$this.captures", 1]}}}`, `["v1", "v2"]`},
		{`{$regexMatch: {input: "$s", regex: "C1", options: "i"}}`, `true`},
		{`{$regexMatch: {input: "$s", regex: "C1"}}`, `false`},
		{`{$regexMatch: {input: "$n", regex: "C1"}}`, `false`},
	})
}

func TestErrorsOfFindingByRegularExpressions(t *testing.T) {
	doc := `{_id: 1, s: "x", i: 1, bad: "(", o: {}, r: /x/i}`
	for _, operator := range []string{"$regexFind", "$regexFindAll", "$regexMatch"} {
		codes := map[string]int{}
		for arguments, code := range map[string]int{
			`1`: 51103, `["$s"]`: 51103, `{}`: 31022, `{regex: "x"}`: 31022, `{input: "$s"}`: 31023, `{input: "$s", regex: "x", y: 1}`: 31024,
			`{input: "$i", regex: "x"}`: 51104, `{input: "$s", regex: "$i"}`: 51105, `{input: "$s", regex: "x", options: "$i"}`: 51106,
			`{input: "$s", regex: /x/i, options: "m"}`: 51107, `{input: "$s", regex: "$r", options: ""}`: 51107, `{input: "$s", regex: "x", options: "z"}`: 51108,
			`{input: "$s", regex: "x\u0000y"}`: 51109, `{input: "$s", regex: "x", options: "i\u0000"}`: 51110, `{input: "$s", regex: "("}`: 51111,
			`{input: "$s", regex: "$bad"}`: 51111, `{input: "$i", regex: "$bad"}`: 51111, `{input: "$s", regex: "[x"}`: 51111,
		} {
			codes[`{`+operator+`: `+arguments+`}`] = code
		}
		checkExpressionErrors(t, doc, codes)
	}
	checkExpressionErrors(t, doc, map[string]int{`{$regexFind: {input: "$s", regex: "a\\Kb"}}`: 51111})
}

// What ran out of its budget is told, and so is what finds too often.
func TestFindingIsBounded(t *testing.T) {
	doc := shell(t, `{_id: 1, s: "`+strings.Repeat("a", 100_000)+`"}`)
	for expression, code := range map[string]int{
		`{$regexFind: {input: "$s", regex: "^(a+)+\\1b"}}`:  51156,
		`{$regexMatch: {input: "$s", regex: "^(a+)+\\1b"}}`: 51156,
		`{$regexFindAll: {input: "$s", regex: "(?=(a*))"}}`: 51151,
	} {
		_, err := evaluate(t, expression, doc)
		require.Error(t, err, expression)
		require.Equal(t, code, requireQueryError(t, err).Code, expression)
	}
}
