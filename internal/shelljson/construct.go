package shelljson

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/js"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// constructor is one of mongosh's functions that make a value.
type constructor struct {
	usage string // an example, for hints
	build func(args []bson.RawValue) (bson.RawValue, *problem)
}

// constructors has mongosh's names, the older shell's, and what mongosh itself prints.
var constructors = map[string]constructor{
	"ObjectId":                {`ObjectId("6720a1b2c3d4e5f601234567")`, ofText(objectIDFromText)},
	"ISODate":                 {`ISODate(` + exampleTime + `)`, ofText(timeOrDayFromText)},
	"new Date":                {`new Date(` + exampleTime + `) or new Date(milliseconds)`, newDate},
	"Date":                    {`new Date(` + exampleTime + `)`, refuse},
	"UUID":                    {`UUID("01234567-89ab-cdef-0123-456789abcdef")`, ofText(uuidFromText)},
	"NumberInt":               {`NumberInt(5)`, ofNumber(int32FromText)},
	"Int32":                   {`Int32(5)`, ofNumber(int32FromText)},
	"NumberLong":              {`NumberLong("5")`, ofNumber(int64FromText)},
	"Long":                    {`Long("5")`, ofNumber(int64FromText)},
	"NumberDecimal":           {`NumberDecimal("5.5")`, ofNumber(decimalFromText)},
	"Decimal128":              {`Decimal128("5.5")`, ofNumber(decimalFromText)},
	"Double":                  {`Double(5.5)`, newDouble},
	"Timestamp":               {`Timestamp({t: 1, i: 2})`, newTimestamp},
	"BinData":                 {`BinData(0, "base64")`, newBinData},
	"Binary.createFromBase64": {`Binary.createFromBase64("base64", 0)`, newBinary},
	"MinKey":                  {`MinKey()`, ofNothing(bson.TypeMinKey)},
	"MaxKey":                  {`MaxKey()`, ofNothing(bson.TypeMaxKey)},
}

// construct reads the arguments of a constructor whose name starts at a token.
func (p *parser) construct(dst []byte, start token, name string) ([]byte, bson.Type, error) {
	known, ok := constructors[name]
	if !ok {
		names := strings.Join(slices.Sorted(maps.Keys(constructors)), ", ")
		return nil, 0, p.fail(start, "known are "+names, "%s(…) is not known", abbreviate(name))
	}
	var args []bson.RawValue
	err := p.list(js.CloseParenToken, func() error {
		arg, err := p.rawValue()
		args = append(args, arg)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	value, problem := known.build(args)
	if problem != nil {
		problem.message = name + ": " + problem.message
		if problem.hint == "" {
			problem.hint = "write " + known.usage
		}
		return nil, 0, problem.at(p.scan.text, start.offset)
	}
	return append(dst, value.Value...), value.Type, nil
}

func wrongArguments() *problem {
	return problemf("", "wrong arguments")
}

// refuse is for Date without new: JavaScript's is a string of the present time, whatever its arguments.
func refuse([]bson.RawValue) (bson.RawValue, *problem) {
	return bson.RawValue{}, problemf("", "without new it is a string of the present time")
}

func ofNothing(kind bson.Type) func([]bson.RawValue) (bson.RawValue, *problem) {
	return func(args []bson.RawValue) (bson.RawValue, *problem) {
		if len(args) != 0 {
			return bson.RawValue{}, wrongArguments()
		}
		return bson.RawValue{Type: kind}, nil
	}
}

func ofText(convert func(string) (bson.RawValue, *problem)) func([]bson.RawValue) (bson.RawValue, *problem) {
	return func(args []bson.RawValue) (bson.RawValue, *problem) {
		if len(args) != 1 || args[0].Type != bson.TypeString {
			return bson.RawValue{}, wrongArguments()
		}
		return convert(args[0].StringValue())
	}
}

// ofNumber takes an integer as well as its digits in quotes.
func ofNumber(convert func(string) (bson.RawValue, *problem)) func([]bson.RawValue) (bson.RawValue, *problem) {
	return func(args []bson.RawValue) (bson.RawValue, *problem) {
		if len(args) != 1 {
			return bson.RawValue{}, wrongArguments()
		}
		if integer, ok := asInteger(args[0]); ok {
			return convert(strconv.FormatInt(integer, 10))
		}
		return ofText(convert)(args)
	}
}

func newDouble(args []bson.RawValue) (bson.RawValue, *problem) {
	if len(args) == 1 && args[0].Type == bson.TypeDouble {
		return args[0], nil
	}
	return ofNumber(doubleFromText)(args)
}

func newDate(args []bson.RawValue) (bson.RawValue, *problem) {
	if len(args) != 1 {
		return bson.RawValue{}, wrongArguments()
	}
	if milliseconds, ok := asInteger(args[0]); ok {
		return dateValue(milliseconds), nil
	}
	return ofText(timeOrDayFromText)(args)
}

// newTimestamp takes an object, as mongosh prints it, or two integers.
func newTimestamp(args []bson.RawValue) (bson.RawValue, *problem) {
	var value bson.RawValue
	var ok bool
	switch len(args) {
	case 1:
		value, ok = timestampFromDocument(args[0])
	case 2:
		value, ok = timestampFrom(args[0], args[1])
	}
	if !ok {
		return bson.RawValue{}, wrongArguments()
	}
	return value, nil
}

func newBinData(args []bson.RawValue) (bson.RawValue, *problem) {
	if len(args) != 2 {
		return bson.RawValue{}, wrongArguments()
	}
	subtype, subtypeOK := asInteger(args[0])
	data, dataOK := args[1].StringValueOK()
	if !subtypeOK || !dataOK || subtype != int64(byte(subtype)) {
		return bson.RawValue{}, wrongArguments()
	}
	return binaryFromText(byte(subtype), data)
}

// newBinary takes BinData's arguments the other way round.
func newBinary(args []bson.RawValue) (bson.RawValue, *problem) {
	if len(args) != 2 {
		return bson.RawValue{}, wrongArguments()
	}
	return newBinData([]bson.RawValue{args[1], args[0]})
}
