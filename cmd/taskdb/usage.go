package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskdb/taskdb/internal/shelljson"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// usageError says that the user asked for something that makes no sense.
type usageError struct {
	message string   // what is wrong
	where   []string // lines that show the place
	hint    string   // what would be right; may be empty
}

func (e *usageError) Error() string { return e.message }

func usage(hint, format string, args ...any) *usageError {
	return &usageError{message: fmt.Sprintf(format, args...), hint: hint}
}

// wrongText explains the error of a query's part, such as its filter, that was
// given as text. Errors that it does not know are returned as they are.
func wrongText(part, text string, err error) error {
	var syntax *shelljson.SyntaxError
	var refused *query.Error
	switch {
	case errors.As(err, &syntax):
		return &usageError{
			message: fmt.Sprintf("wrong %s: %s", part, syntax.Message),
			where:   excerpt(text, syntax.Line, syntax.Column),
			hint:    syntaxHint(text, syntax),
		}
	case errors.As(err, &refused):
		return wrongQuery(part, refused)
	}
	return err
}

// wrongQuery explains why a part of a query was refused.
func wrongQuery(part string, refused *query.Error) error {
	return &usageError{
		message: fmt.Sprintf("wrong %s: %s (MongoDB's error %d, %s)", part, refused.Message, refused.Code, refused.CodeName()),
		where:   place(refused.Path),
		hint:    operatorHint(refused),
	}
}

// explained explains an error that is the user's but was found only when a command
// ran. Others are returned as they are.
func explained(err error) error {
	var wrong *usageError
	var refused *query.Error
	if errors.Is(err, taskdb.ErrToken) {
		return usage(tokenHint, "wrong --page: it does not belong to this query")
	}
	if errors.As(err, &wrong) || !errors.As(err, &refused) || slices.Contains(limits, refused.Code) {
		return err
	}
	return wrongQuery("query", refused)
}

// limits are the codes of queries that are not wrong, but ask for too much.
var limits = []int{query.CodeMemoryLimit, query.CodeExceededMemory, query.CodeMaxTimeExpired}

const tokenHint = "repeat the command of the page before; its dates must not be relative to now (-2h)"

func syntaxHint(text string, err *shelljson.SyntaxError) string {
	if strings.Contains(strings.ReplaceAll(text, " ", ""), "{:") {
		return "put the text in single quotes: in double quotes the shell takes $gt for a variable of its own"
	}
	if begin := strings.TrimSpace(text); !strings.HasPrefix(begin, "{") && !strings.HasPrefix(begin, "[") {
		return "write it as {key: value}"
	}
	return err.Hint
}

// wrongFlag explains an error about flags.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedName() == "in":
		return usage("import the file into one: taskdb import FILE", "--in asks a file, and this is about a store")
	case errors.As(err, &unknown) && isDigit(unknown.GetSpecifiedName()):
		return usage("put -- before it: "+cmd.CommandPath()+" -- -"+unknown.GetSpecifiedShortnames(),
			"a number with a minus is taken for a flag: -%s", unknown.GetSpecifiedShortnames())
	case errors.As(err, &invalid):
		return usage(wantedOf(invalid.GetFlag().Value.Type()), "wrong --%s: %q", invalid.GetFlag().Name, invalid.GetValue())
	}
	return err
}

func isDigit(text string) bool { return len(text) == 1 && text[0] >= '0' && text[0] <= '9' }

// wantedOf says how a value is written of a type that pflag knows.
func wantedOf(kind string) string {
	switch kind {
	case "int", "int64":
		return "want a whole number"
	case "duration":
		return "want a length of time, as 500ms, 30s or 1h30m"
	case "bool":
		return "want true or false"
	}
	return ""
}

// place shows the path to what is wrong.
func place(path string) []string {
	if path == "" {
		return nil
	}
	return []string{"at " + path}
}

// excerptWidth is how much of a long line is shown around a mistake.
const excerptWidth = 72

// excerpt returns a line of a text, or its part around the column, and a second
// line with a caret below the column. Both count from 1, columns in characters.
func excerpt(text string, line, column int) []string {
	lines := strings.Split(text, "\n")
	runes := []rune(strings.ReplaceAll(lines[line-1], "\t", " "))
	at := min(column-1, len(runes))
	from := max(0, at-excerptWidth/2)
	to := min(len(runes), from+excerptWidth)
	indent := runewidth.StringWidth(printable(string(runes[from:at])))
	return []string{printable(string(runes[from:to])), strings.Repeat(" ", indent) + "^"}
}
