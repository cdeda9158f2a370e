package shelljson

import (
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2/js"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// parser is a recursive descent over the tokens: its grammar is so small a part of JavaScript's that
// what it does not know it refuses by name. Methods that take dst append BSON to it. Each leaves tok
// at the first token that it did not use.
type parser struct {
	scan  *scanner
	tok   token
	depth int
}

func (p *parser) fail(where token, hint, format string, args ...any) error {
	return problemf(hint, format, args...).at(p.scan.text, where.offset)
}

func (p *parser) advance() (err error) {
	p.tok, err = p.scan.next()
	return err
}

func (p *parser) rawValue() (bson.RawValue, error) {
	value, kind, err := p.value(nil)
	return bson.RawValue{Type: kind, Value: value}, err
}

func (p *parser) value(dst []byte) ([]byte, bson.Type, error) {
	switch kind := p.tok.kind; {
	case kind == js.OpenBraceToken:
		return p.object(dst)
	case kind == js.OpenBracketToken:
		return p.array(dst)
	case kind == js.SubToken:
		return p.negative(dst)
	case kind == js.DivToken, kind == js.DivEqToken:
		return p.regex(dst)
	case kind == js.StringToken:
		value, problem := stringLiteral(p.tok.text)
		return p.scalar(dst, p.tok, value, problem)
	case js.IsNumeric(kind):
		value, problem := numberLiteral(p.tok.text)
		return p.scalar(dst, p.tok, value, problem)
	case js.IsIdentifierName(kind):
		return p.named(dst)
	case kind == js.TemplateToken, kind == js.TemplateStartToken:
		return nil, 0, p.fail(p.tok, `write the string in "quotes"`, "a template string is not data")
	}
	return nil, 0, p.fail(p.tok, p.hintForValue(), "a value is wanted, not %s", p.tok.describe())
}

// scalar appends the value of the words that start at a token and end with the current one.
func (p *parser) scalar(dst []byte, start token, value bson.RawValue, problem *problem) ([]byte, bson.Type, error) {
	if problem != nil {
		return nil, 0, problem.at(p.scan.text, start.offset)
	}
	return append(dst, value.Value...), value.Type, p.advance()
}

func (p *parser) negative(dst []byte) ([]byte, bson.Type, error) {
	minus := p.tok
	if err := p.advance(); err != nil {
		return nil, 0, err
	}
	if !js.IsNumeric(p.tok.kind) && p.tok.text != "Infinity" {
		return nil, 0, p.fail(p.tok, "", "a number is wanted after -, not %s", p.tok.describe())
	}
	value, problem := numberLiteral("-" + p.tok.text)
	return p.scalar(dst, minus, value, problem)
}

func (p *parser) regex(dst []byte) ([]byte, bson.Type, error) {
	tok, err := p.scan.regex(p.tok)
	if err != nil {
		return nil, 0, err
	}
	value, problem := regexLiteral(tok.text)
	return p.scalar(dst, tok, value, problem)
}

func (p *parser) array(dst []byte) ([]byte, bson.Type, error) {
	start, dst := bsoncore.ReserveLength(dst)
	length := 0
	err := p.list(js.CloseBracketToken, func() (err error) {
		dst, err = p.element(dst, strconv.Itoa(length))
		length++
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return endDocument(dst, start), bson.TypeArray, nil
}

func (p *parser) object(dst []byte) ([]byte, bson.Type, error) {
	var wrapper string
	var wrapperToken token
	start, dst := bsoncore.ReserveLength(dst)
	err := p.list(js.CloseBraceToken, func() error {
		keyToken := p.tok
		key, err := p.key()
		if err != nil {
			return err
		}
		if wrapper == "" && isWrapper(key) {
			wrapper, wrapperToken = key, keyToken
		}
		dst, err = p.element(dst, key)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	dst = endDocument(dst, start)
	if wrapper == "" {
		return dst, bson.TypeEmbeddedDocument, nil
	}
	value, problem := unwrap(wrapper, bson.Raw(dst[start:]))
	if problem != nil {
		return nil, 0, problem.at(p.scan.text, wrapperToken.offset)
	}
	return append(dst[:start], value.Value...), value.Type, nil
}

func endDocument(dst []byte, start int32) []byte {
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start)
}

// list reads items and the commas between them, from the opening bracket through the closing one. A
// comma may also stand behind the last item.
func (p *parser) list(closing js.TokenType, item func() error) error {
	open := p.tok
	if p.depth++; p.depth > maxDepth {
		return p.fail(open, "", "nested deeper than %d levels", maxDepth)
	}
	if err := p.advance(); err != nil {
		return err
	}
	for p.tok.kind != closing {
		if p.tok.kind == endOfText {
			return p.unclosed(open, closing)
		}
		if err := item(); err != nil {
			return err
		}
		switch p.tok.kind {
		case js.CommaToken:
			if err := p.advance(); err != nil {
				return err
			}
		case closing, endOfText:
		default:
			return p.fail(p.tok, p.hintAfterValue(), "a comma or %s is wanted, not %s", closing, p.tok.describe())
		}
	}
	p.depth--
	return p.advance()
}

func (p *parser) unclosed(open token, closing js.TokenType) error {
	line, column := position(p.scan.text, open.offset)
	return p.fail(p.tok, "add "+closing.String(), "the text ends inside the %s of line %d, column %d", open.text, line, column)
}

func (p *parser) element(dst []byte, key string) ([]byte, error) {
	kindAt, start := len(dst), p.tok
	dst, kind, err := p.value(bsoncore.AppendHeader(dst, 0, key))
	if err != nil {
		return nil, err
	}
	if len(dst) > maxSize {
		return nil, p.fail(start, "", "the document is longer than %d MiB as BSON", maxSize>>20)
	}
	dst[kindAt] = byte(kind)
	return dst, nil
}

// key reads a key and its colon.
func (p *parser) key() (string, error) {
	tok := p.tok
	key, problem := keyName(tok)
	if problem != nil {
		return "", problem.at(p.scan.text, tok.offset)
	}
	if err := p.advance(); err != nil {
		return "", err
	}
	switch p.tok.kind {
	case js.ColonToken:
		return key, p.advance()
	case js.CommaToken, js.CloseBraceToken, endOfText:
		return "", p.fail(tok, "write "+abbreviate(tok.text)+": value", "the key %s has no value", tok.describe())
	case js.DotToken, js.SubToken, js.DecimalToken:
		return "", p.fail(tok, "quote it: "+strconv.Quote(p.wordAt(tok)), "the key %s needs quotes", p.wordAt(tok))
	}
	return "", p.fail(p.tok, "", "a colon is wanted after the key %s, not %s", tok.describe(), p.tok.describe())
}

// wordAt returns what a person would call the word that starts at a token: up to a space or bracket.
func (p *parser) wordAt(tok token) string {
	word := p.scan.text[tok.offset:]
	if end := strings.IndexAny(word, ": \t\r\n,;{}[]()\"'"); end > 0 {
		word = word[:end]
	}
	return abbreviate(word)
}

func keyName(tok token) (string, *problem) {
	switch {
	case tok.kind == js.StringToken:
		return keyLiteral(tok.text)
	case js.IsIdentifierName(tok.kind) && !strings.Contains(tok.text, `\`):
		return tok.text, nil
	case tok.kind == js.IntegerToken && strings.Trim(tok.text, "0123456789") == "":
		return tok.text, nil
	case tok.kind == js.OpenBracketToken:
		return "", problemf("write the key itself", "a computed key is not data")
	case tok.kind == js.EllipsisToken:
		return "", problemf("write the keys themselves", "... is not data")
	case js.IsNumeric(tok.kind), js.IsIdentifierName(tok.kind):
		return "", problemf("quote it: "+strconv.Quote(abbreviate(tok.text)), "the key %s needs quotes", tok.describe())
	}
	return "", problemf("", "a key is wanted, not %s", tok.describe())
}

// hintForValue says what is meant by a token that cannot start a value.
func (p *parser) hintForValue() string {
	switch p.tok.kind {
	case js.CommaToken:
		return "write null, or leave the comma out"
	case js.AddToken:
		return "leave the + out"
	case js.EllipsisToken:
		return "write the values themselves"
	case js.OpenParenToken:
		return "leave the parentheses out"
	}
	return ""
}

// hintAfterValue says what is meant by a token that cannot follow a value.
func (p *parser) hintAfterValue() string {
	switch kind := p.tok.kind; {
	case js.IsOperator(kind), kind == js.QuestionToken:
		return "nothing is computed here: write the result"
	case js.IsIdentifierName(kind), js.IsNumeric(kind), kind == js.StringToken,
		kind == js.OpenBraceToken, kind == js.OpenBracketToken:
		return "put a comma before " + p.tok.describe()
	}
	return ""
}
