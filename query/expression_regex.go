package query

import "go.mongodb.org/mongo-driver/v2/bson"

// matching is $regexMatch. A regular expression that is constant is compiled once.
type matching struct {
	input, pattern, options expression
	compiled                *regex // or nil
}

func (m *matching) evaluate(s *scope) (value, error) {
	input, err := m.input.evaluate(s)
	if err != nil {
		return value{}, err
	}
	if !input.nullish() && !input.isString() {
		return value{}, failure(51104, "$regexMatch needs 'input' to be of type string")
	}
	re := m.compiled
	if re == nil {
		if re, err = m.compile(s); err != nil {
			return value{}, err
		}
	}
	if re == nil || input.nullish() {
		return falseValue, nil
	}
	matches, err := re.text.Match(input.text())
	return boolValue(matches), err
}

// compile returns the regular expression, or nil if it is null.
func (m *matching) compile(s *scope) (*regex, error) {
	pattern, err := m.pattern.evaluate(s)
	if err != nil {
		return nil, err
	}
	options, err := m.options.evaluate(s)
	if err != nil {
		return nil, err
	}
	re, failed := regexOf(pattern, options)
	if failed != nil {
		return nil, failed
	}
	return re, nil
}

func regexOf(pattern, options value) (*regex, *Error) {
	flags := ""
	switch {
	case !pattern.nullish() && !pattern.isString() && pattern.kind != bson.TypeRegex:
		return nil, failure(51105, "$regexMatch needs 'regex' to be of type string or regex")
	case !options.nullish() && !options.isString():
		return nil, failure(51106, "$regexMatch needs 'options' to be of type string")
	case options.isString():
		flags = string(options.text())
	}
	switch {
	case pattern.nullish():
		return nil, nil
	case pattern.isString():
		return newRegex(string(pattern.text()), flags, nil)
	}
	source, own := pattern.regex()
	if len(own) > 0 && flags != "" {
		return nil, failure(51107, "$regexMatch found regex option(s) specified in both 'regex' and 'option' fields")
	}
	return newRegex(string(source), string(own)+flags, nil)
}

var regexParameters = []parameter{{name: "input", required: 31022}, {name: "regex", required: 31023}, {name: "options"}}

func (p expressionParser) regexMatch(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$regexMatch", regexParameters, 51103, 31024, v, at)
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
	m := &matching{input: parts[0], pattern: parts[1], options: parts[2]}
	if allConstant(m.pattern, m.options) {
		compiled, failed := m.compile(&scope{})
		if failed != nil {
			return nil, at.wrap(failed)
		}
		m.compiled = compiled
	}
	return p.folded(m, at, parts[:]...)
}
