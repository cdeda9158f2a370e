package query

import (
	"math"
	"strings"
	"unicode/utf8"
)

// functions are the operators all of whose arguments are evaluated, and have no
// names.
var functions = []map[string]function{plain, exponentials, trigonometry}

// plain are those of numbers, strings, arrays, documents and types.
var plain = map[string]function{
	"$abs":      {1, 1, ofNumber(absolute)},
	"$add":      {0, anyNumber, add},
	"$ceil":     {1, 1, towards(math.Ceil, upwards)},
	"$divide":   {2, 2, divide},
	"$floor":    {1, 1, towards(math.Floor, downwards)},
	"$mod":      {2, 2, modulo},
	"$multiply": {0, anyNumber, multiply},
	"$round":    {1, 2, roundTo(toEven)},
	"$subtract": {2, 2, subtract},
	"$trunc":    {1, 2, roundTo(toZero)},
	"$bitAnd":   {0, anyNumber, combineBits(-1, func(a, b int64) int64 { return a & b })},
	"$bitOr":    {0, anyNumber, combineBits(0, func(a, b int64) int64 { return a | b })},
	"$bitXor":   {0, anyNumber, combineBits(0, func(a, b int64) int64 { return a ^ b })},
	"$bitNot":   {1, 1, ofNumber(bitNot)},

	"$cmp": {2, 2, compareValues},
	"$eq":  {2, 2, comparing(func(order int) bool { return order == 0 })},
	"$ne":  {2, 2, comparing(func(order int) bool { return order != 0 })},
	"$gt":  {2, 2, comparing(func(order int) bool { return order > 0 })},
	"$gte": {2, 2, comparing(func(order int) bool { return order >= 0 })},
	"$lt":  {2, 2, comparing(func(order int) bool { return order < 0 })},
	"$lte": {2, 2, comparing(func(order int) bool { return order <= 0 })},
	"$not": {1, 1, isFalse},

	"$concat":       {0, anyNumber, concat},
	"$indexOfBytes": {2, 4, indexOfBytes},
	"$indexOfCP":    {2, 4, indexOfCodePoints},
	"$split":        {2, 2, split},
	"$strcasecmp":   {2, 2, compareFolded},
	"$strLenBytes":  {1, 1, lengthOf(byteCount, 34473)},
	"$strLenCP":     {1, 1, lengthOf(utf8.RuneCount, 34471)},
	"$substr":       {3, 3, substringOfBytes},
	"$substrBytes":  {3, 3, substringOfBytes},
	"$substrCP":     {3, 3, substringOfCodePoints},
	"$toLower":      {1, 1, ofText(lowerCase)},
	"$toUpper":      {1, 1, ofText(upperCase)},

	"$allElementsTrue": {1, 1, someElement(false, 17040)},
	"$anyElementTrue":  {1, 1, someElement(true, 17041)},
	"$arrayElemAt":     {2, 2, arrayElementAt},
	"$concatArrays":    {0, anyNumber, concatArrays},
	"$first":           {1, 1, endOf(zero)},
	"$in":              {2, 2, inArray},
	"$indexOfArray":    {2, 4, indexOfArray},
	"$isArray":         {1, 1, isOfKind(isArray)},
	"$last":            {1, 1, endOf(int32Value(-1))},
	"$range":           {2, 3, numbersFrom},
	"$reverseArray":    {1, 1, reverseArray},
	"$size":            {1, 1, arraySize},
	"$slice":           {2, 3, slice},
	"$setDifference":   {2, 2, setDifference},
	"$setEquals":       {2, anyNumber, setEquals},
	"$setIntersection": {0, anyNumber, setIntersection},
	"$setIsSubset":     {2, 2, setIsSubset},
	"$setUnion":        {0, anyNumber, setUnion},

	"$arrayToObject": {1, 1, arrayToObject},
	"$bsonSize":      {1, 1, bsonSize},
	"$binarySize":    {1, 1, binarySize},
	"$mergeObjects":  {0, anyNumber, mergeObjects},
	"$objectToArray": {1, 1, objectToArray},

	"$isNumber":    {1, 1, isOfKind(value.isNumber)},
	"$tsIncrement": {1, 1, timestampPart(5687302, func(t uint64) uint64 { return t & math.MaxUint32 })},
	"$tsSecond":    {1, 1, timestampPart(5687301, func(t uint64) uint64 { return t >> 32 })},
	"$type":        {1, 1, typeOf},
}

// namedOperators are those whose arguments have names.
var namedOperators = map[string]named{
	"$dateAdd":        dateAddition(1),
	"$dateSubtract":   dateAddition(-1),
	"$dateDiff":       {[]parameter{{name: "startDate", required: 5166303}, {name: "endDate", required: 5166304}, {name: "unit", required: 5166305}, zone, weekStarts}, 5166301, 5166302, dateDiff},
	"$dateFromString": {[]parameter{{name: "dateString", required: 40542}, {name: "format", absent: notGiven}, zone, {name: "onError", absent: notGiven}, {name: "onNull", absent: null}}, 40540, 40541, dateFromString},
	"$dateToParts":    {[]parameter{{name: "date", required: 40522}, zone, {name: "iso8601", absent: falseValue}}, 40524, 40520, dateToParts},
	"$dateToString":   {[]parameter{{name: "date", required: 18628}, {name: "format", absent: notGiven}, zone, {name: "onNull", absent: null}}, 18629, 18534, dateToString},
	"$dateTrunc":      {[]parameter{{name: "date", required: 5439009}, {name: "unit", required: 5439010}, {name: "binSize", absent: one}, zone, weekStarts}, 5439007, 5439008, dateTrunc},
	"$ltrim":          trimmer(strings.TrimLeftFunc),
	"$rtrim":          trimmer(strings.TrimRightFunc),
	"$trim":           trimmer(strings.TrimFunc),
	"$replaceAll":     replacer(-1),
	"$replaceOne":     replacer(1),
}

// The parameters of several operators.
var (
	zone       = parameter{name: "timezone", absent: utc}
	weekStarts = parameter{name: "startOfWeek", absent: stringValue("sunday")}
)

func dateAddition(sign int64) named {
	return named{[]parameter{{name: "startDate", required: 5166402}, {name: "unit", required: 5166402}, {name: "amount", required: 5166402}, zone},
		5166400, 5166401, dateAdd(sign)}
}

func trimmer(trim func(text string, removed func(rune) bool) string) named {
	return named{[]parameter{{name: "input", required: 50695}, {name: "chars", absent: stringValue(blanks)}}, 50696, 50694, trimming(trim)}
}

func replacer(times int) named {
	return named{[]parameter{{name: "input", required: 51749}, {name: "find", required: 51748}, {name: "replacement", required: 51747}},
		51751, 51750, replacing(times)}
}

// conversions are the types that $toInt and its kin convert to.
var conversions = map[string]string{
	"$toBool": "bool", "$toDate": "date", "$toDecimal": "decimal", "$toDouble": "double", "$toInt": "int", "$toLong": "long",
	"$toObjectId": "objectId", "$toString": "string", "$toUUID": "binData",
}

// notEmulated are operators that MongoDB has beside.
var notEmulated = map[string]bool{
	"$function": true, "$meta": true, "$sampleRate": true, "$toHashedIndexKey": true, "$toArray": true, "$toObject": true,
}

// operator parses {$operator: …}.
func (p expressionParser) operator(name string, v value, at trail) (expression, *Error) {
	for _, list := range functions {
		if f, ok := list[name]; ok {
			return p.call(name, f, v, at)
		}
	}
	if n, ok := namedOperators[name]; ok {
		return p.named(name, n, v, at)
	}
	if part, ok := dateParts[name]; ok {
		return p.datePart(name, part, v, at)
	}
	if alias, ok := conversions[name]; ok {
		return p.conversionTo(name, alias, v, at)
	}
	if statistic, ok := statistics[name]; ok {
		return p.statistic(name, statistic, v, at)
	}
	if o, ok := severalOperators[name]; ok {
		return p.several(name, o, v, at)
	}
	if o, ok := regexOperators[name]; ok {
		return p.searching(name, o, v, at)
	}
	if q, ok := quantileOperators[name]; ok {
		return p.quantile(name, q, v, at)
	}
	return p.form(name, v, at)
}

// form parses the operators that evaluate not all of their arguments, or these in
// ways of their own.
func (p expressionParser) form(name string, v value, at trail) (expression, *Error) {
	switch name {
	case "$and", "$or":
		return p.connective(name, v, at)
	case "$cond":
		return p.conditional(v, at)
	case "$const", "$literal":
		return constant{v}, nil
	case "$convert":
		return p.conversion(v, at)
	case "$dateFromParts":
		return p.dateFromParts(v, at)
	case "$filter":
		return p.filtering(v, at)
	case "$getField":
		return p.getField(v, at)
	case "$ifNull":
		return p.ifNull(v, at)
	case "$let":
		return p.let(v, at)
	case "$map":
		return p.mapping(v, at)
	case "$rand":
		return p.random(v, at)
	case "$reduce":
		return p.reduction(v, at)
	case "$setField", "$unsetField":
		return p.setField(name, v, at)
	case "$sortArray":
		return p.sortedArray(v, at)
	case "$switch":
		return p.choice(v, at)
	case "$zip":
		return p.zip(v, at)
	}
	if notEmulated[name] {
		return nil, at.fail(CodeNotImplemented, "the expression %s is not implemented", name)
	}
	return nil, at.fail(CodeInvalidOperator, "Unrecognized expression '%s'", name)
}
