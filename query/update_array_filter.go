package query

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// parseArrayFilters parses the filters of $[identifier], and returns their
// identifiers, with which all paths in a filter begin.
func (u *Update) parseArrayFilters(filters []bson.Raw) ([]string, error) {
	u.filters = make(map[string]node, len(filters))
	var identifiers []string
	for i, filter := range filters {
		at := trail{"arrayFilters", strconv.Itoa(i)}
		if err := validateDocument(filter, 0); err != nil {
			return nil, err.below([]byte(at[1])).below([]byte(at[0]))
		}
		filter = bytes.Clone(filter)
		root, err := filterParser{update: true}.document(filter, at, 0)
		if err != nil {
			err.Message = "Error parsing array filter :: caused by :: " + err.Message
			return nil, err
		}
		name, err := identifierOf(filter, "", at)
		switch {
		case err != nil:
			return nil, err
		case name == "":
			return nil, at.fail(CodeFailedToParse, "Cannot use an expression without a top-level field name in arrayFilters")
		case u.filters[name] != nil:
			return nil, at.fail(CodeFailedToParse, "Found multiple array filters with the same top-level field name %s", name)
		}
		u.filters[name] = root
		u.arrayFilters = append(u.arrayFilters, filter)
		identifiers = append(identifiers, name)
	}
	return identifiers, nil
}

// isIdentifier is what MongoDB lets an identifier be.
var isIdentifier = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`).MatchString

// identifierOf returns the first part of all paths in a filter, "" if it has none.
// known is what other paths begin with, if there were any.
func identifierOf(filter []byte, known string, at trail) (string, *Error) {
	for it := elementsOf(filter); it.next(); {
		key := string(it.key)
		var err *Error
		switch key {
		case "$and", "$or", "$nor":
			for branch := elementsOf(it.data); branch.next() && err == nil; {
				known, err = identifierOf(branch.data, known, at.down(key).down(string(branch.key)))
			}
		case "$comment":
		default:
			known, err = agree(known, key, at.down(key))
		}
		if err != nil {
			return "", err
		}
	}
	return known, nil
}

// agree returns the identifier that a path begins with, if it is the known one,
// or there is none yet.
func agree(known, path string, at trail) (string, *Error) {
	name, _, _ := strings.Cut(path, ".")
	switch {
	case !isIdentifier(name):
		return "", at.fail(CodeBadValue,
			"Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with "+
				"a lowercase letter, found '%s'", name)
	case known != "" && known != name:
		return "", at.fail(CodeFailedToParse,
			"Error parsing array filter :: caused by :: Expected a single top-level field name, found '%s' and '%s'", known, name)
	}
	return name, nil
}
