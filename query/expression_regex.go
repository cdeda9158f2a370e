package query

import (
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/pcre"
)

// regexOperator is an operator of expressions that asks where a string matches a
// regular expression.
type regexOperator struct {
	compile func(pattern, options string) (search, *Error)
	none    value // the answer if the string or the regular expression is null
}

// search answers about a string.
type search func(s *scope, text []byte) (value, error)

var regexOperators = map[string]regexOperator{
	"$regexFind":    {findsFirst, null},
	"$regexFindAll": {findsAll, arrayOf(nil)},
	"$regexMatch":   {matches, falseValue},
}

// searching is such an operator with its arguments. A regular expression that is
// constant is compiled once.
type searching struct {
	regexOperator
	name                    string
	input, pattern, options expression
	compiled                search // nil if the regular expression is null
	once                    bool
}

func (r *searching) evaluate(s *scope) (value, error) {
	input, err := r.input.evaluate(s)
	if err != nil {
		return value{}, err
	}
	compiled := r.compiled
	if !r.once {
		if compiled, err = r.prepare(s); err != nil {
			return value{}, err
		}
	}
	switch {
	case !input.nullish() && !input.isString():
		return value{}, failure(51104, "%s needs 'input' to be of type string", r.name)
	case compiled == nil || input.nullish():
		return r.none, nil
	}
	if err := s.spend(perLook); err != nil { // a match can take a second
		return value{}, err
	}
	answer, err := compiled(s, input.text())
	if errors.Is(err, pcre.ErrBudget) {
		return value{}, &Error{Code: 51156, Message: "Error occurred while executing the regular expression in " + r.name + ". Result code: " + err.Error(), Cause: err}
	}
	return answer, err
}

// prepare compiles the regular expression, or returns nil if that is null.
func (r *searching) prepare(s *scope) (search, error) {
	pattern, err := r.pattern.evaluate(s)
	if err != nil {
		return nil, err
	}
	options, err := r.options.evaluate(s)
	if err != nil {
		return nil, err
	}
	source, flags, failed := regexOf(r.name, pattern, options)
	if failed != nil {
		return nil, failed
	}
	if pattern.nullish() {
		return nil, nil
	}
	compiled, failed := r.compile(source, flags)
	if failed != nil {
		return nil, failed
	}
	return compiled, nil
}

// regexOf checks the arguments and returns what they say.
func regexOf(name string, pattern, options value) (source, flags string, _ *Error) {
	switch {
	case !pattern.nullish() && !pattern.isString() && pattern.kind != bson.TypeRegex:
		return "", "", failure(51105, "%s needs 'regex' to be of type string or regex", name)
	case !options.nullish() && !options.isString():
		return "", "", failure(51106, "%s needs 'options' to be of type string", name)
	case options.isString():
		flags = string(options.text())
	}
	switch pattern.kind {
	case bson.TypeString:
		source = string(pattern.text())
	case bson.TypeRegex:
		text, own := pattern.regex()
		if len(own) > 0 && !options.nullish() {
			return "", "", failure(51107, "%s: found regex option(s) specified in both 'regex' and 'option' fields", name)
		}
		source, flags = string(text), flags+string(own)
	}
	switch {
	case strings.ContainsRune(source, 0):
		return "", "", failure(51109, "%s: regular expression cannot contain an embedded null byte", name)
	case strings.ContainsRune(flags, 0):
		return "", "", failure(51110, "%s: regular expression options cannot contain an embedded null byte", name)
	}
	return source, flags, nil
}

var regexParameters = []parameter{{name: "input", required: 31022}, {name: "regex", required: 31023}, {name: "options"}}

func (p expressionParser) searching(name string, o regexOperator, v value, at trail) (expression, *Error) {
	given, err := namedArguments(name, regexParameters, 51103, 31024, v, at)
	if err != nil {
		return nil, err
	}
	parts := [3]expression{2: constant{}}
	for i, part := range given {
		if part.missing() {
			continue
		}
		if parts[i], err = p.parse(part, at.down(regexParameters[i].name)); err != nil {
			return nil, err
		}
	}
	r := &searching{regexOperator: o, name: name, input: parts[0], pattern: parts[1], options: parts[2]}
	if allConstant(r.pattern, r.options) {
		compiled, failed := r.prepare(&scope{})
		if failed != nil {
			return nil, at.wrap(failed)
		}
		r.compiled, r.once = compiled, true
	}
	return p.folded(r, at, parts[:]...)
}

// matches is of $regexMatch.
func matches(pattern, options string) (search, *Error) {
	re, err := newRegex(pattern, options, nil)
	if err != nil {
		return nil, invalidRegex(err)
	}
	return func(_ *scope, text []byte) (value, error) {
		ok, err := re.text.Match(text)
		return boolValue(ok), err
	}, nil
}

// invalidRegex is the error of a regular expression in an expression, where a filter
// would have another code.
func invalidRegex(err *Error) *Error {
	if err.Code == CodeInvalidRegex {
		err.Code = 51111
	}
	return err
}

func newFinder(pattern, options string) (*pcre.Finder, *Error) {
	if err := checkRegexOptions(options, nil); err != nil {
		return nil, err
	}
	f, err := pcre.CompileFinder(pattern, options)
	if err != nil {
		return nil, &Error{Code: 51111, Message: "Invalid Regex: " + err.Error(), Cause: err}
	}
	return f, nil
}

// findsFirst is of $regexFind.
func findsFirst(pattern, options string) (search, *Error) {
	f, err := newFinder(pattern, options)
	if err != nil {
		return nil, err
	}
	return func(_ *scope, text []byte) (value, error) {
		runes := []rune(string(text))
		m, err := f.Find(runes, 0)
		if m == nil || err != nil {
			return null, err
		}
		found, ok := foundValue(m, runes, maxFound)
		if !ok {
			return value{}, tooLarge()
		}
		return found, nil
	}, nil
}

// maxFound is how many bytes the finds may have, as in MongoDB.
const maxFound = 64 << 20

// findsAll is of $regexFindAll. An empty find is followed by one that begins later,
// but by none at the string's end.
func findsAll(pattern, options string) (search, *Error) {
	f, err := newFinder(pattern, options)
	if err != nil {
		return nil, err
	}
	return func(s *scope, text []byte) (value, error) {
		runes := []rune(string(text))
		var finds []value
		for from, size := 0, 0; from == 0 || from < len(runes); {
			m, err := f.Find(runes, from)
			if err != nil {
				return value{}, err
			}
			if m == nil {
				break
			}
			found, ok := foundValue(m, runes, maxFound-size)
			if !ok {
				return value{}, failure(51151, "$regexFindAll: the size of buffer to store output exceeded the 64MB limit")
			}
			finds = append(finds, found)
			size += len(found.data) + perValue
			if err := s.spend(perLook); err != nil {
				return value{}, err
			}
			from = m.Start + max(1, m.Length)
		}
		return arrayOf(finds), nil
	}, nil
}

// foundValue is what is told of a find, unless that is about more than so many bytes:
// each of many groups can capture the whole text.
func foundValue(m *pcre.Found, text []rune, atMost int) (found value, ok bool) {
	captures := make([]value, len(m.Groups))
	size := 0
	for i, g := range m.Groups {
		captures[i] = null
		if g.Captured {
			captures[i] = stringValue(string(text[g.Start : g.Start+g.Length]))
		}
		if size += len(captures[i].data) + perValue; size > atMost {
			return value{}, false
		}
	}
	start, doc := reserve(0)
	doc = appendElement(doc, "match", stringValue(string(text[m.Start:m.Start+m.Length])))
	doc = appendElement(doc, "idx", intValue(int64(m.Start)))
	doc = appendElement(doc, "captures", arrayOf(captures))
	found = documentValue(closeDocument(doc, start))
	return found, len(found.data) <= atMost
}
