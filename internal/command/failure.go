package command

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// MongoDB's codes of what goes wrong with a store.
const (
	codeInternalError   = 1
	codeHostUnreachable = 6
	codeLockBusy        = 46
	codeMaxTimeExpired  = 50
	codeShutdown        = 91
	codeOperationFailed = 96
	codeNotSupported    = 115
	codeObjectTooLarge  = 10334
	codeInterrupted     = 11601
	codeOutOfDiskSpace  = 14031
)

// codes are those of the errors that are no *query.Error and no DuplicateKeyError. The
// first that an error is counts.
var codes = []struct {
	err  error
	code int
}{
	{context.DeadlineExceeded, codeMaxTimeExpired},
	{context.Canceled, codeInterrupted},
	{taskdb.ErrBudget, codeOperationFailed},
	{taskdb.ErrTooLarge, codeObjectTooLarge},
	{taskdb.ErrFull, codeOutOfDiskSpace},
	{taskdb.ErrReadOnly, CodeIllegalOperation},
	{taskdb.ErrNoData, query.CodeNotImplemented},
	{taskdb.ErrUnsupported, codeNotSupported},
	{taskdb.ErrClosed, codeShutdown},
	{taskdb.ErrLocked, codeLockBusy},
	{taskdb.ErrUnreachable, codeHostUnreachable},
}

// Failure is what MongoDB says of an error: its code and its words, and of a key
// that another document has, the key. The code of what has none with MongoDB is 1,
// InternalError.
func Failure(err error) bson.D {
	var wrong *query.Error
	var duplicate *taskdb.DuplicateKeyError
	switch {
	case errors.As(err, &duplicate):
		return bson.D{
			{Key: "code", Value: int32(taskdb.DuplicateKeyCode)},
			{Key: "keyPattern", Value: duplicate.KeyPattern},
			{Key: "keyValue", Value: duplicate.KeyValue},
			{Key: "errmsg", Value: duplicate.Error()},
		}
	case errors.As(err, &wrong):
		return bson.D{{Key: "code", Value: int32(wrong.Code)}, {Key: "errmsg", Value: wrong.Message}}
	}
	code := codeInternalError
	for _, known := range codes {
		if errors.Is(err, known.err) {
			code = known.code
			break
		}
	}
	message := strings.ReplaceAll(err.Error(), context.DeadlineExceeded.Error(), "operation exceeded time limit")
	return bson.D{{Key: "code", Value: int32(code)}, {Key: "errmsg", Value: message}}
}
