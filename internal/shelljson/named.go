package shelljson

import (
	"math"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/js"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// named reads a value that starts with a name: a constant, or one of mongosh's constructors with
// its arguments.
func (p *parser) named(dst []byte) ([]byte, bson.Type, error) {
	start := p.tok
	name, err := p.name()
	if err != nil {
		return nil, 0, err
	}
	if p.tok.kind == js.OpenParenToken {
		return p.construct(dst, start, name)
	}
	value, problem := constant(name)
	if problem != nil {
		return nil, 0, problem.at(p.scan.text, start.offset)
	}
	return append(dst, value.Value...), value.Type, nil
}

// name reads a name, which may have one dot. It drops new, which changes the meaning of Date only.
func (p *parser) name() (string, error) {
	first := p.tok.text
	if err := p.advance(); err != nil {
		return "", err
	}
	switch {
	case first == "new" && p.tok.text == "Date":
		return "new Date", p.advance()
	case first == "new" && js.IsIdentifierName(p.tok.kind):
		first = p.tok.text
		if err := p.advance(); err != nil {
			return "", err
		}
	}
	if p.tok.kind != js.DotToken {
		return first, nil
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	second := p.tok.text
	return first + "." + second, p.advance()
}

func constant(name string) (bson.RawValue, *problem) {
	switch name {
	case "null":
		return bson.RawValue{Type: bson.TypeNull}, nil
	case "undefined":
		return bson.RawValue{Type: bson.TypeUndefined}, nil
	case "true", "false":
		return bson.RawValue{Type: bson.TypeBoolean, Value: bsoncore.AppendBoolean(nil, name == "true")}, nil
	case "NaN":
		return nan(), nil
	case "Infinity":
		return doubleValue(math.Inf(1)), nil
	case "MinKey":
		return bson.RawValue{Type: bson.TypeMinKey}, nil
	case "MaxKey":
		return bson.RawValue{Type: bson.TypeMaxKey}, nil
	}
	return bson.RawValue{}, problemf(hintForName(name), "%s is not a value", abbreviate(name))
}

func hintForName(name string) string {
	if known, ok := constructors[name]; ok {
		return "write " + known.usage
	}
	switch name {
	case "None", "nil", "NULL", "Null":
		return "write null"
	case "True", "False", "TRUE", "FALSE":
		return "write " + strings.ToLower(name)
	}
	return "a string needs quotes: " + strconv.Quote(abbreviate(name))
}
