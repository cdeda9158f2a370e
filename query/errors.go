package query

import (
	"fmt"
	"strconv"
	"strings"
)

// The codes of MongoDB's errors that others ask for. Those above 10,000 have no
// name: they stand for one place in the server's source, and MongoDB calls them
// LocationN.
const (
	CodeBadValue               = 2
	CodeFailedToParse          = 9
	CodeTypeMismatch           = 14
	CodeOverflow               = 15
	CodeInvalidLength          = 16
	CodeInvalidBSON            = 22
	CodeIndexNotFound          = 27
	CodePathNotViable          = 28
	CodeCannotBackfillArray    = 34
	CodeConflictingOperators   = 40
	CodeMaxTimeExpired         = 50
	CodeDollarPrefixedField    = 52
	CodeInvalidIDField         = 53
	CodeNotSingleValueField    = 54
	CodeEmptyFieldName         = 56
	CodeImmutableField         = 66
	CodeCannotCreateIndex      = 67
	CodeInvalidNamespace       = 73
	CodeNotExactValueField     = 111
	CodeExceededMemory         = 146
	CodeDurationOverflow       = 159
	CodeParallelArrays         = 171
	CodeQueryFeatureNotAllowed = 224
	CodeNotImplemented         = 238
	CodeMemoryLimit            = 292
	CodeInvalidOptions         = 72
	CodeInvalidOperator        = 168
	CodeConversionFailure      = 241
	CodeUpdateTooLarge         = 17419
	CodeUpsertTooLarge         = 17420
	CodeInvalidRegex           = 51091
	CodeDuplicateField         = 40413
	CodeMissingField           = 40414
	CodeUnknownField           = 40415
)

var codeNames = map[int]string{
	CodeBadValue:               "BadValue",
	CodeFailedToParse:          "FailedToParse",
	CodeTypeMismatch:           "TypeMismatch",
	CodeOverflow:               "Overflow",
	CodeInvalidLength:          "InvalidLength",
	CodeInvalidBSON:            "InvalidBSON",
	CodeIndexNotFound:          "IndexNotFound",
	CodePathNotViable:          "PathNotViable",
	CodeCannotBackfillArray:    "CannotBackfillArray",
	CodeConflictingOperators:   "ConflictingUpdateOperators",
	CodeMaxTimeExpired:         "MaxTimeMSExpired",
	CodeDollarPrefixedField:    "DollarPrefixedFieldName",
	CodeInvalidIDField:         "InvalidIdField",
	CodeNotSingleValueField:    "NotSingleValueField",
	CodeEmptyFieldName:         "EmptyFieldName",
	CodeImmutableField:         "ImmutableField",
	CodeCannotCreateIndex:      "CannotCreateIndex",
	CodeInvalidNamespace:       "InvalidNamespace",
	CodeNotExactValueField:     "NotExactValueField",
	CodeExceededMemory:         "ExceededMemoryLimit",
	CodeDurationOverflow:       "DurationOverflow",
	CodeParallelArrays:         "CannotIndexParallelArrays",
	CodeQueryFeatureNotAllowed: "QueryFeatureNotAllowed",
	CodeNotImplemented:         "NotImplemented",
	CodeInvalidOptions:         "InvalidOptions",
	CodeInvalidOperator:        "InvalidPipelineOperator",
	CodeConversionFailure:      "ConversionFailure",
	CodeMemoryLimit:            "QueryExceededMemoryLimitNoDiskUseAllowed",
}

// Error says why a query was refused, in MongoDB's terms.
type Error struct {
	Code    int    // MongoDB's error code
	Message string // MongoDB's words
	// Path leads to what is wrong: the keys and indexes from the query's top,
	// joined by dots, as in "$or.1.completed.$gt". It is empty when the query as
	// a whole is wrong.
	Path string
	// Cause is the error below this one, if there is one.
	Cause error
}

// Error returns the message, the code with its name if it has one, and the path.
func (e *Error) Error() string {
	code := strconv.Itoa(e.Code)
	if name, ok := codeNames[e.Code]; ok {
		code += " " + name
	}
	if e.Path == "" {
		return fmt.Sprintf("%s (code %s)", e.Message, code)
	}
	return fmt.Sprintf("%s (code %s, at %s)", e.Message, code, e.Path)
}

// CodeName returns MongoDB's name for the error's code.
func (e *Error) CodeName() string {
	if name, ok := codeNames[e.Code]; ok {
		return name
	}
	return "Location" + strconv.Itoa(e.Code)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// maxMessage is how many bytes of a message there are: it may quote a text of any
// length, and goes to clients and into logs.
const maxMessage = 4096

// failure builds the error of a rule.
func failure(code int, format string, args ...any) *Error {
	message := fmt.Sprintf(format, args...)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return &Error{Code: code, Message: message}
}

// trail is where in a query a parser is: the keys on the way from the top.
type trail []string

func (t trail) down(key string) trail { return append(t[:len(t):len(t)], key) }

// fail builds the error of a rule that is broken at the trail.
func (t trail) fail(code int, format string, args ...any) *Error {
	e := failure(code, format, args...)
	e.Path = strings.Join(t, ".")
	return e
}
