package pcre

import (
	"errors"
	"fmt"
)

// ErrBudget is what errors.Is finds in every [BudgetError].
var ErrBudget = errors.New("regular expression ran out of its budget")

// A SyntaxError says that a pattern is not one of PCRE2's. MongoDB answers it with code 51091.
type SyntaxError struct {
	Pattern string
	Offset  int    // in bytes, at or just after what is wrong
	Message string // in PCRE2's words, where it has some
}

// Error says what is wrong with the pattern, and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid regular expression %s: %s at offset %d", quoted(e.Pattern), e.Message, e.Offset)
}

// An OptionError says that a letter of the options is none of i, m, s, x and u. MongoDB answers it with code 51108.
type OptionError struct {
	Options string
	Flag    rune
}

// Error says which letter is none.
func (e *OptionError) Error() string {
	return fmt.Sprintf("invalid flag in regex options: %c (allowed are i, m, s, x and u)", e.Flag)
}

// An UnsupportedError says that PCRE2 knows what the pattern asks for and this package does not.
type UnsupportedError struct {
	Pattern string
	Offset  int    // in bytes
	Feature string // what is not supported, and what to write instead where there is something
}

// Error says what is not supported, and where the pattern asks for it.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("regular expression %s: %s at offset %d is not supported", quoted(e.Pattern), e.Feature, e.Offset)
}

// A BudgetError says that a match was given up, so that nobody knows whether the subject matches.
type BudgetError struct {
	Pattern string
	Length  int    // of the subject, in bytes
	Spent   string // which part of the budget ran out
}

// Error says what ran out, and on how long a string.
func (e *BudgetError) Error() string {
	return fmt.Sprintf("%v: %s on a string of %d bytes: %s", ErrBudget, quoted(e.Pattern), e.Length, e.Spent)
}

// Is reports whether target is [ErrBudget].
func (e *BudgetError) Is(target error) bool { return target == ErrBudget }

// quoted keeps a hostile pattern from filling logs.
func quoted(pattern string) string {
	const longest = 200
	if len(pattern) > longest {
		return fmt.Sprintf("%q...", pattern[:longest])
	}
	return fmt.Sprintf("%q", pattern)
}
