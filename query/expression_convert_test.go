package query_test

import "testing"

// The examples are MongoDB's own.
func TestConversionsOfBinaryValues(t *testing.T) {
	doc := `{_id: 1, uuid: UUID("867dee52-c331-484e-92d1-c56479b8e67e"), b: BinData(0, "hn3uUsMxSE6S0cVkebjmfg=="), smile: BinData(0, "8J+ZgvCfmI4="),
		n: null, one: BinData(0, "AQA="), half: BinData(0, "AAAAAAAA4D8=")}`
	toBinary := func(text, format, subtype string) string {
		return `{$convert: {input: "` + text + `", to: {type: "binData", subtype: ` + subtype + `}, format: "` + format + `"}}`
	}
	toText := func(input, format string) string {
		return `{$convert: {input: "` + input + `", to: "string", format: "` + format + `"}}`
	}
	checkExpressions(t, doc, []expressionCase{
		{toBinary("867dee52-c331-484e-92d1-c56479b8e67e", "uuid", "4"), `UUID("867dee52-c331-484e-92d1-c56479b8e67e")`},
		{toBinary("hn3uUsMxSE6S0cVkebjmfg==", "base64", "0"), `BinData(0, "hn3uUsMxSE6S0cVkebjmfg==")`},
		{toBinary("hn3uUsMxSE6S0cVkebjmfg", "base64url", "128"), `BinData(128, "hn3uUsMxSE6S0cVkebjmfg==")`},
		{toBinary("867DEE52C331484E92D1C56479B8E67E", "hex", "0"), `BinData(0, "hn3uUsMxSE6S0cVkebjmfg==")`},
		{toBinary("🙂😎", "utf8", "0"), `BinData(0, "8J+ZgvCfmI4=")`},
		{toText("$uuid", "uuid"), `"867dee52-c331-484e-92d1-c56479b8e67e"`},
		{toText("$uuid", "auto"), `"867dee52-c331-484e-92d1-c56479b8e67e"`},
		{toText("$b", "auto"), `"hn3uUsMxSE6S0cVkebjmfg=="`},
		{toText("$uuid", "base64"), `"hn3uUsMxSE6S0cVkebjmfg=="`},
		{toText("$b", "base64url"), `"hn3uUsMxSE6S0cVkebjmfg"`},
		{toText("$b", "hex"), `"867DEE52C331484E92D1C56479B8E67E"`},
		{toText("$smile", "utf8"), `"🙂😎"`},
		{toText("$n", "none"), `null`},
		{`{$toString: "$uuid"}`, `"867dee52-c331-484e-92d1-c56479b8e67e"`},
		{`{$toUUID: "867DEE52-c331-484e-92d1-c56479b8e67e"}`, `UUID("867dee52-c331-484e-92d1-c56479b8e67e")`},
		{`{$toUUID: "$uuid"}`, `UUID("867dee52-c331-484e-92d1-c56479b8e67e")`},
		{`{$convert: {input: "$b", to: "binData"}}`, `BinData(0, "hn3uUsMxSE6S0cVkebjmfg==")`},
		{`{$convert: {input: "$one", to: "int"}}`, `1`},
		{`{$convert: {input: "$one", to: "long", byteOrder: "big"}}`, `NumberLong(256)`},
		{`{$convert: {input: "$half", to: "double"}}`, `0.5`},
		{`{$convert: {input: 1, to: "binData", byteOrder: "big"}}`, `BinData(0, "AAAAAQ==")`},
		{`{$convert: {input: "$uuid", to: "binData", onError: "another"}}`, `"another"`},
		{`{$toBool: "$b"}`, `true`},
	})
	codes := map[string]int{
		`{$convert: {input: "$b", to: "string", onError: 1}}`: 4341115, `{$convert: {input: "x", to: "binData"}}`: 4341115,
		toText("$b", "none"): 4341125, `{$convert: {input: "$b", to: "string", format: 1}}`: 4341114, `{$convert: {input: 1, to: "binData", byteOrder: "?"}}`: 9130002,
		`{$convert: {input: 1, to: "binData", byteOrder: 1}}`: 9130001, `{$convert: {input: 1, to: {type: "binData", subtype: 1.5}}}`: 4341106,
		`{$convert: {input: 1, to: {type: "binData", subtype: "x"}}}`: 4341108, toBinary("hn3u", "base64", "127"): 4341107, toBinary("hn3u", "base64", "-1"): 4341107,
		toText("$b", "uuid"): 241, toText("$b", "utf8"): 241, `{$convert: {input: "$half", to: "int"}}`: 241, `{$convert: {input: "$b", to: "decimal"}}`: 241,
		`{$convert: {input: "$_id", to: "array"}}`: 241, `{$convert: {input: ObjectId("0123456789abcdef01234567"), to: "binData"}}`: 241, `{$toUUID: "$b"}`: 241,
	}
	for text, format := range map[string]string{"867dee--52-c331-484e-": "base64", "867dee--52-c331-484e-x": "base64url", "8zx": "hex", "x": "auto"} {
		codes[toBinary(text, format, "0")] = 241
	}
	codes[toBinary("867dee52-c331-484e-92d1-c56479b8e67e", "uuid", "0")] = 241
	codes[toBinary("867dee52c331484e92d1c56479b8e67e", "uuid", "4")] = 241
	codes[toBinary("hn3uUsMxSE6S0cVkebjmfg==", "base64", "4")] = 241
	checkExpressionErrors(t, doc, codes)
}
