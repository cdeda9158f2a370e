package query

import "go.mongodb.org/mongo-driver/v2/bson"

// regexArguments are the $regex and the $options of one operator document. Of
// several the last counts, as in MongoDB.
type regexArguments struct {
	pattern, options value
	optionsFirst     bool
}

func regexArgumentsOf(operators []byte) (a regexArguments) {
	for it := elementsOf(operators); it.next(); {
		switch string(it.key) {
		case "$regex":
			a.pattern = it.value
		case "$options":
			a.options = it.value
			a.optionsFirst = a.pattern.missing()
		}
	}
	return a
}

// regexOperator parses $regex with the $options beside it, when it comes to the
// last $regex; for other keys of the two it returns nil. v is the key's value.
func (p filterParser) regexOperator(target path, key string, v value, siblings []byte, at trail) (node, *Error) {
	a := regexArgumentsOf(siblings)
	if a.pattern.missing() {
		return nil, at.fail(CodeBadValue, "$options needs a $regex")
	}
	if !a.options.missing() && a.options.kind != bson.TypeString {
		return nil, at[:len(at)-1].down("$options").fail(CodeBadValue, "$options has to be a string")
	}
	if key == "$options" || !v.is(a.pattern) {
		return nil, nil
	}
	re, err := a.compile(at)
	if err != nil {
		return nil, err
	}
	return &field{target, re}, nil
}

func (a regexArguments) compile(at trail) (*regex, *Error) {
	var options string
	if !a.options.missing() {
		options = string(a.options.text())
	}
	switch a.pattern.kind {
	case bson.TypeString:
		return newRegex(string(a.pattern.text()), options, at)
	case bson.TypeRegex:
		pattern, own := a.pattern.regex()
		if len(own) > 0 && !a.options.missing() {
			return nil, a.optionsTwice(at)
		}
		return newRegex(string(pattern), string(own)+options, at)
	}
	return nil, at.fail(CodeBadValue, "$regex has to be a string")
}

func (a regexArguments) optionsTwice(at trail) *Error {
	code := 51075
	if a.optionsFirst {
		code = 51074
	}
	return at.fail(code, "options set in both $regex and $options")
}
