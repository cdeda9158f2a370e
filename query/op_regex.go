package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/glob"
	"github.com/taskdb/taskdb/internal/pcre"
)

// regex is a regular expression as a condition: true of strings and symbols
// that it matches, and of a stored regular expression that is the same.
type regex struct {
	unwinding
	pattern, options string
	text             matcher
}

// matcher decides about strings. *pcre.Regexp and wholeGlob are matchers.
type matcher interface {
	Match(s []byte) (bool, error)
	// Prefix returns what every match must start with; complete if nothing else
	// is needed.
	Prefix() (prefix string, complete bool)
}

func (*regex) rank() int { return rankRegex }

func (r *regex) matches(v value, q *question) (bool, error) {
	switch v.kind {
	case bson.TypeString, bson.TypeSymbol:
		if err := q.spend(perLook); err != nil { // a match may take long
			return false, err
		}
		return r.text.Match(v.text())
	case bson.TypeRegex:
		pattern, options := v.regex()
		return string(pattern) == r.pattern && string(options) == r.options, nil
	}
	return false, nil
}

// wholeGlob is a glob in a matcher's form.
type wholeGlob struct{ *glob.Glob }

func (g wholeGlob) Match(s []byte) (bool, error) { return g.Glob.Match(s), nil }

func (g wholeGlob) Prefix() (string, bool) {
	prefix, exact := g.Glob.Prefix()
	return prefix, !exact && g.String() == prefix+"*"
}

// newRegex compiles a regular expression. What Python's fnmatch makes of a glob
// is taken as that glob: it costs no backtracking and says the same.
func newRegex(pattern, options string, at trail) (*regex, *Error) {
	if strings.ContainsRune(pattern, 0) {
		return nil, at.fail(51109, "Regular expression cannot contain an embedded null byte")
	}
	if err := checkRegexOptions(options, at); err != nil {
		return nil, err
	}
	r := &regex{pattern: pattern, options: options}
	if globbed, ok := glob.FromTranslated(pattern); ok && !strings.ContainsAny(options, "imx") {
		r.text = wholeGlob{glob.Compile(globbed)}
		return r, nil
	}
	compiled, err := pcre.Compile(pattern, options)
	if err != nil {
		refused := at.fail(CodeInvalidRegex, "Regular expression is invalid: %v", err)
		refused.Cause = err
		return nil, refused
	}
	r.text = compiled
	return r, nil
}

func checkRegexOptions(options string, at trail) *Error {
	for _, option := range options {
		if !strings.ContainsRune("imsxu", option) {
			return at.fail(51108, "invalid flag in regex options: %c", option)
		}
	}
	return nil
}

// newRegexValue compiles a value of the type regular expression.
func newRegexValue(v value, at trail) (*regex, *Error) {
	pattern, options := v.regex()
	return newRegex(string(pattern), string(options), at)
}
