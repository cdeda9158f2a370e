package shelljson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says what is wrong in a text, where, and what would be right.
type SyntaxError struct {
	// Line and Column count from 1. A column is one character, not one byte.
	Line, Column int
	// Message says what is wrong.
	Message string
	// Hint says what would be right. It may be empty.
	Hint string
}

// Error says where the text is wrong, what is, and what would be right.
func (e *SyntaxError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("line %d, column %d: %s; %s", e.Line, e.Column, e.Message, e.Hint)
}

// problem is a SyntaxError whose place only the caller knows.
type problem struct {
	message, hint string
}

func problemf(hint, format string, args ...any) *problem {
	return &problem{message: fmt.Sprintf(format, args...), hint: hint}
}

// at places a problem at a byte offset of the text.
func (p *problem) at(text string, offset int) error {
	line, column := position(text, offset)
	return &SyntaxError{Line: line, Column: column, Message: p.message, Hint: p.hint}
}

func position(text string, offset int) (line, column int) {
	before := text[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[lineStart:])
}
