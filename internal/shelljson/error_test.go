package shelljson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/internal/shelljson"
)

func TestErrorsSayWhatWhereAndWhatWouldBeRight(t *testing.T) {
	cases := []struct {
		text, want string
	}{
		// Unfinished and overlong texts.
		{``, `line 1, column 1: the text is empty; write {} for an empty document`},
		{"\n // nothing", `line 2, column 12: the text is empty; write {} for an empty document`},
		{`{`, `line 1, column 2: the text ends inside the { of line 1, column 1; add }`},
		{"{a: 1,\n b: [1", `line 2, column 7: the text ends inside the [ of line 2, column 5; add ]`},
		{`{a:`, `line 1, column 4: a value is wanted, not the end of the text`},
		{`{a`, `line 1, column 2: the key a has no value; write a: value`},
		{`{a: "b}`, `line 1, column 5: the string is not closed; end it with " on the same line`},
		{`{a: /b}`, `line 1, column 5: the regular expression is not closed; end it with /`},
		{`{a: 1 /* b}`, `line 1, column 7: the comment is not closed; end it with */`},
		{`{a: 1} {b: 2}`, `line 1, column 8: unexpected { after the value; put a comma before {`},
		{`{a: 1}}`, `line 1, column 7: unexpected } after the value`},
		{`{a: [1}`, `line 1, column 7: a comma or ] is wanted, not }`},

		// Keys.
		{`{a b: 1}`, `line 1, column 4: a colon is wanted after the key a, not b`},
		{`{a: 1 b: 2}`, `line 1, column 7: a comma or } is wanted, not b; put a comma before b`},
		{`{header.user: 1}`, `line 1, column 2: the key header.user needs quotes; quote it: "header.user"`},
		{`{a.0: 1}`, `line 1, column 2: the key a.0 needs quotes; quote it: "a.0"`},
		{`{a-b: 1}`, `line 1, column 2: the key a-b needs quotes; quote it: "a-b"`},
		{`{1.5: 1}`, `line 1, column 2: the key 1.5 needs quotes; quote it: "1.5"`},
		{`{\u0061: 1}`, `line 1, column 2: the key \u0061 needs quotes; quote it: "\\u0061"`},
		{`{a}`, `line 1, column 2: the key a has no value; write a: value`},
		{`{a, b}`, `line 1, column 2: the key a has no value; write a: value`},
		{`{[a]: 1}`, `line 1, column 2: a computed key is not data; write the key itself`},
		{`{...a}`, `line 1, column 2: ... is not data; write the keys themselves`},
		{`{get a() {}}`, `line 1, column 6: a colon is wanted after the key get, not a`},
		{`{a() {}}`, `line 1, column 3: a colon is wanted after the key a, not (`},
		{`{,}`, `line 1, column 2: a key is wanted, not ,`},
		{`{"a\u0000b": 1}`, `line 1, column 2: a key cannot hold a NUL character`},

		// Values.
		{`{"ä": foo}`, `line 1, column 7: foo is not a value; a string needs quotes: "foo"`},
		{`{a: header.user}`, `line 1, column 5: header.user is not a value; a string needs quotes: "header.user"`},
		{`{a: None}`, `line 1, column 5: None is not a value; write null`},
		{`{a: True}`, `line 1, column 5: True is not a value; write true`},
		{`{a: ObjectId}`, `line 1, column 5: ObjectId is not a value; write ObjectId("6720a1b2c3d4e5f601234567")`},
		{"{a: `b`}", "line 1, column 5: a template string is not data; write the string in \"quotes\""},
		{`{a: 1+1}`, `line 1, column 6: a comma or } is wanted, not +; nothing is computed here: write the result`},
		{`{a: +1}`, `line 1, column 5: a value is wanted, not +; leave the + out`},
		{`{a: --1}`, `line 1, column 5: a value is wanted, not --`},
		{`{a: -"1"}`, `line 1, column 6: a number is wanted after -, not "1"`},
		{`({a: 1})`, `line 1, column 1: a value is wanted, not (; leave the parentheses out`},
		{`{a: b => 1}`, `line 1, column 5: b is not a value; a string needs quotes: "b"`},
		{`[1,,2]`, `line 1, column 4: a value is wanted, not ,; write null, or leave the comma out`},
		{`[...a]`, `line 1, column 2: a value is wanted, not ...; write the values themselves`},
		{`{a: #b}`, `line 1, column 5: a value is wanted, not #b`},
		{`{a: @}`, `line 1, column 5: unexpected @`},
		{`{a: function() {}}`, `line 1, column 5: function(…) is not known; known are BinData, Binary.createFromBase64, Date, Decimal128, Double, ISODate, Int32, Long, MaxKey, MinKey, NumberDecimal, NumberInt, NumberLong, ObjectId, Timestamp, UUID, new Date`},

		// Numbers and strings.
		{`1e400`, `line 1, column 1: 1e400 is too large for a double; write Infinity, or NumberDecimal("…")`},
		{`[0x10]`, `line 1, column 2: 0x10 is not a decimal number; write it in decimal digits`},
		{`1_000`, `line 1, column 1: 1_000 is not a decimal number; write it in decimal digits`},
		{`010`, `line 1, column 1: legacy octal numbers are not supported`},
		{`-5n`, `line 1, column 1: -5n is a BigInt, which has no BSON type; write NumberLong("-5")`},
		{`3px`, `line 1, column 2: unexpected identifier after number`},
		{`"\ud83d"`, `line 1, column 1: \ud83d in a string is half of a character`},
		{`"\ud83d\u0041"`, `line 1, column 1: \ud83d in a string is half of a character`},
		{`"\u{110000}"`, `line 1, column 1: \u{110000} in a string is not a character`},
		{`"\u{d800}"`, `line 1, column 1: \u{d800} in a string is not a character`},
		{`"\u12"`, `line 1, column 1: hexadecimal digits are wanted after \u in a string, not "12"`},
		{`"\u{}"`, `line 1, column 1: hexadecimal digits are wanted after \u{ in a string, not ""`},
		{`"\xg0"`, `line 1, column 1: hexadecimal digits are wanted after \x in a string, not "g0"`},
		{`"\01"`, `line 1, column 1: an octal escape \0 in a string; write \x and two hexadecimal digits`},
		{"\"a\xff\"", `line 1, column 3: invalid UTF-8; save the text as UTF-8`},
		{"\"a\x00\"", `line 1, column 3: a NUL byte in the text; inside a string write \u0000`},
		{`/a/g`, `line 1, column 1: g is not an option of a regular expression; MongoDB's are i, m, s, u and x`},

		// Wrappers.
		{`{a: {"$oid": "xyz"}}`, `line 1, column 6: $oid: "xyz" is not an ObjectId; write 24 hexadecimal digits`},
		{`{a: {"$oid": 5}}`, `line 1, column 6: $oid has the wrong content; write {"$oid": "…"}`},
		{`{"$oid": "6720a1b2c3d4e5f601234567", "b": 1}`, `line 1, column 2: beside $oid the object has keys that do not belong there`},
		{`{"$date": "2026-11-22T00:51:18"}`, `line 1, column 2: $date: the time "2026-11-22T00:51:18" has no zone; add Z for UTC, or an offset as +01:00`},
		{`{"$date": "2026-11-22"}`, `line 1, column 2: $date: "2026-11-22" is not a time; write "2026-11-22T00:51:18.987Z"`},
		{`{"$date": "2026-13-22T00:00:00Z"}`, `line 1, column 2: $date: "2026-13-22T00:00:00Z" is not a time; write "2026-11-22T00:51:18.987Z"`},
		{`{"$date": 1.5}`, `line 1, column 2: $date has the wrong content; write {"$date": "2026-11-22T00:51:18.987Z"}`},
		{`{"$numberInt": "2147483648"}`, `line 1, column 2: $numberInt: "2147483648" is not a 32-bit integer`},
		{`{"$numberLong": "1.5"}`, `line 1, column 2: $numberLong: "1.5" is not a 64-bit integer`},
		{`{"$numberDouble": "inf"}`, `line 1, column 2: $numberDouble: inf is not a decimal number; write it in decimal digits`},
		{`{"$numberDecimal": "x"}`, `line 1, column 2: $numberDecimal: "x" is not a decimal number of at most 34 digits`},
		{`{"$uuid": "0123456789abcdef0123456789abcdef"}`, `line 1, column 2: $uuid: "0123456789abcdef0123456789abcdef" is not a UUID; write "01234567-89ab-cdef-0123-456789abcdef"`},
		{`{"$binary": {"base64": "AQI", "subType": "00"}}`, `line 1, column 2: "AQI" is not base64 with padding`},
		{`{"$binary": {"base64": "", "subType": "100"}}`, `line 1, column 2: $binary: the subtype "100" is not one or two hexadecimal digits`},
		{`{"$binary": "AQID"}`, `line 1, column 2: $binary has the wrong content; write {"$binary": {"base64": "…", "subType": "00"}}`},
		{`{"$timestamp": {"t": -1, "i": 1}}`, `line 1, column 2: $timestamp has the wrong content; write {"$timestamp": {"t": 1, "i": 2}}`},
		{`{"$regularExpression": {"pattern": "a"}}`, `line 1, column 2: $regularExpression has the wrong content; write {"$regularExpression": {"pattern": "…", "options": "…"}}`},
		{`{"$regularExpression": {"pattern": "\u0000", "options": ""}}`, `line 1, column 2: a regular expression cannot hold a NUL character`},
		{`{"$dbPointer": {"$ref": "a", "$id": "b"}}`, `line 1, column 2: $dbPointer has the wrong content; write {"$dbPointer": {"$ref": "…", "$id": {"$oid": "…"}}}`},
		{`{"$code": "a", "$scope": 1}`, `line 1, column 2: $code has the wrong content; write {"$code": "…", "$scope": {…}}`},
		{`{"$symbol": 1}`, `line 1, column 2: $symbol has the wrong content; write {"$symbol": "…"}`},
		{`{"$minKey": 2}`, `line 1, column 2: $minKey has the wrong content; write {"$minKey": 1}`},
		{`{"$undefined": false}`, `line 1, column 2: $undefined has the wrong content; write {"$undefined": true}`},

		// Constructors.
		{`{a: ObjectId()}`, `line 1, column 5: ObjectId: wrong arguments; write ObjectId("6720a1b2c3d4e5f601234567")`},
		{`new Date()`, `line 1, column 1: new Date: wrong arguments; write new Date("2026-11-22T00:51:18.987Z") or new Date(milliseconds)`},
		{`Date("2026-11-22")`, `line 1, column 1: Date: without new it is a string of the present time; write new Date("2026-11-22T00:51:18.987Z")`},
		{`ISODate("2026-11-22T00:51:18")`, `line 1, column 1: ISODate: the time "2026-11-22T00:51:18" has no zone; add Z for UTC, or an offset as +01:00`},
		{`ISODate("2026-11-31")`, `line 1, column 1: ISODate: "2026-11-31" is not a time; write "2026-11-22T00:51:18.987Z"`},
		{`NumberInt(2147483648)`, `line 1, column 1: NumberInt: "2147483648" is not a 32-bit integer; write NumberInt(5)`},
		{`NumberDecimal(1.5)`, `line 1, column 1: NumberDecimal: wrong arguments; write NumberDecimal("5.5")`},
		{`Timestamp(1)`, `line 1, column 1: Timestamp: wrong arguments; write Timestamp({t: 1, i: 2})`},
		{`BinData(256, "")`, `line 1, column 1: BinData: wrong arguments; write BinData(0, "base64")`},
		{`Binary.createFromBase64("")`, `line 1, column 1: Binary.createFromBase64: wrong arguments; write Binary.createFromBase64("base64", 0)`},
		{`MinKey(1)`, `line 1, column 1: MinKey: wrong arguments; write MinKey()`},
		{`new Foo("a")`, `line 1, column 1: Foo(…) is not known; known are BinData, Binary.createFromBase64, Date, Decimal128, Double, ISODate, Int32, Long, MaxKey, MinKey, NumberDecimal, NumberInt, NumberLong, ObjectId, Timestamp, UUID, new Date`},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			_, err := shelljson.ParseValue(c.text)
			require.EqualError(t, err, c.want)
			var syntax *shelljson.SyntaxError
			require.ErrorAs(t, err, &syntax)
		})
	}
}

func TestParseWantsADocument(t *testing.T) {
	cases := map[string]string{
		"\n [1]":                               `line 2, column 2: a document is wanted, not an array; write {key: value}`,
		`5`:                                    `line 1, column 1: a document is wanted, not a number; write {key: value}`,
		`"a"`:                                  `line 1, column 1: a document is wanted, not a string; write {key: value}`,
		`{"$oid": "6720a1b2c3d4e5f601234567"}`: `line 1, column 1: a document is wanted, not an objectID; write {key: value}`,
	}
	for text, want := range cases {
		_, err := shelljson.Parse(text)
		require.EqualError(t, err, want)
	}
}
