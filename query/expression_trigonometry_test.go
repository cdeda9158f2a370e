package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The last digits are those of MongoDB's C library.
func TestAngles(t *testing.T) {
	checkExpressions(t, `{_id: 1, i: 1, l: NumberLong(2), d: 0.5, n: null, inf: Infinity}`, []expressionCase{
		{`{$sin: "$i"}`, `0.8414709848078965`},
		{`{$cos: "$i"}`, `0.5403023058681398`},
		{`{$tan: "$d"}`, `0.5463024898437905`},
		{`{$sin: 3.141592653589793}`, `1.2246467991473532e-16`},
		{`{$sin: 1e22}`, `-0.8522008497671888`},
		{`{$asin: "$d"}`, `0.5235987755982989`},
		{`{$acos: "$d"}`, `1.0471975511965979`},
		{`{$atan: "$l"}`, `1.1071487177940904`},
		{`{$atan2: [3, 4]}`, `0.6435011087932844`},
		{`{$atan2: [0.0, -1]}`, `3.141592653589793`},
		{`{$sinh: "$i"}`, `1.1752011936438014`},
		{`{$cosh: "$i"}`, `1.5430806348152437`},
		{`{$tanh: "$d"}`, `0.46211715726000973`},
		{`{$asinh: "$i"}`, `0.881373587019543`},
		{`{$acosh: "$l"}`, `1.3169578969248166`},
		{`{$acosh: "$i"}`, `0.0`},
		{`{$atanh: "$d"}`, `0.5493061443340548`},
		{`{$atanh: "$i"}`, `Infinity`},
		{`{$atan: "$inf"}`, `1.5707963267948966`},
		{`{$sin: NaN}`, `NaN`},
		{`{$degreesToRadians: 180}`, `3.141592653589793`},
		{`{$degreesToRadians: NumberDecimal("180")}`, `NumberDecimal("3.141592653589793238462643383279503")`},
		{`{$radiansToDegrees: "$i"}`, `57.29577951308232`},
		{`{$radiansToDegrees: NumberDecimal("1")}`, `NumberDecimal("57.29577951308232087679815481410517")`},
		{`{$sin: "$n"}`, `null`},
		{`{$atan2: ["$n", 1]}`, `null`},
		{`{$atan2: [1, "$missing"]}`, `null`},
		{`{$degreesToRadians: "$missing"}`, `null`},
	})
	checkExpressionErrors(t, `{_id: 1, s: "x", two: 2, inf: Infinity, m: NumberDecimal("0.5")}`, map[string]int{
		`{$sin: "$s"}`: 28765, `{$degreesToRadians: "$s"}`: 28765, `{$atan2: ["$s", 1]}`: 51044, `{$atan2: [1, "$s"]}`: 51045, `{$atan2: [1]}`: 16020,
		`{$acos: "$two"}`: 50989, `{$asin: -1.5}`: 50989, `{$acosh: 0}`: 50989, `{$atanh: "$two"}`: 50989, `{$sin: "$inf"}`: 50989,
		`{$cos: -Infinity}`: 50989, `{$tan: "$inf"}`: 50989, `{$sin: "$m"}`: 238, `{$atan2: [1, "$m"]}`: 238,
	})
}

func TestPowersAndLogarithms(t *testing.T) {
	checkExpressions(t, `{_id: 1, x: 3.7}`, []expressionCase{
		{`{$exp: "$x"}`, `40.4473043600674`},
		{`{$ln: "$x"}`, `1.308332819650179`},
		{`{$log10: "$x"}`, `0.568201724066995`},
		{`{$log: ["$x", 2]}`, `1.8875252707415877`},
		{`{$pow: [2.5, "$x"]}`, `29.67413253642086`},
		{`{$pow: [3, -2]}`, `0.1111111111111111`},
		{`{$pow: [10, 30]}`, `1e+30`},
	})
}

func TestSizesAndTimestamps(t *testing.T) {
	checkExpressions(t, `{_id: 1, b: BinData(0, "AQID"), s: "é", t: Timestamp({t: 4294967295, i: 7}), n: null}`, []expressionCase{
		{`{$binarySize: "$b"}`, `3`},
		{`{$binarySize: "$s"}`, `2`},
		{`{$binarySize: "$n"}`, `null`},
		{`{$tsSecond: "$t"}`, `NumberLong(4294967295)`},
		{`{$tsIncrement: "$t"}`, `NumberLong(7)`},
		{`{$tsSecond: "$missing"}`, `null`},
	})
	checkExpressionErrors(t, `{_id: 1, i: 1}`, map[string]int{
		`{$binarySize: "$i"}`: 51276, `{$tsSecond: "$i"}`: 5687301, `{$tsIncrement: "$i"}`: 5687302,
		`{$rand: 1}`: 10065, `{$rand: {x: 1}}`: 3040501, `{$rand: [1]}`: 3040501,
	})
}

func TestRandomNumbers(t *testing.T) {
	doc := shell(t, `{_id: 1}`)
	got, err := evaluate(t, `{$map: {input: {$range: [0, 100]}, in: {$rand: {}}}}`, doc)
	require.NoError(t, err)
	values, err := got.Lookup("r").Array().Values()
	require.NoError(t, err)
	different := map[float64]bool{}
	for _, v := range values {
		require.GreaterOrEqual(t, v.Double(), 0.0)
		require.Less(t, v.Double(), 1.0)
		different[v.Double()] = true
	}
	require.Greater(t, len(different), 90)
	_, err = evaluate(t, `{$rand: []}`, doc)
	require.NoError(t, err)
}
