package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// The codes of errors that mean something to a store, beside those of package
// query.
const (
	codeNamespaceNotFound     = 26
	codeCommandNotFound       = 59
	codeIndexOptionsConflict  = 85
	codeIndexKeySpecsConflict = 86
	codeQueryPlanKilled       = 175
	codeObjectTooLarge        = 10334
)

// translate makes an error of the driver one of taskdb's.
func translate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, mongo.ErrClientDisconnected):
		return taskdb.ErrClosed
	case errors.Is(err, driver.ErrDocumentTooLarge):
		return fmt.Errorf("%w: %w", taskdb.ErrTooLarge, err)
	}
	if failed, ok := failureIn(err); ok {
		return failed.translated(err)
	}
	// The driver's own deadline is not the caller's: the cause is told, not wrapped.
	switch {
	case isUnasked(err):
		return fmt.Errorf("%w: %v", taskdb.ErrUnreachable, err)
	case mongo.IsNetworkError(err), mongo.IsTimeout(err):
		return fmt.Errorf("%w, and may have done what it was asked: %v", taskdb.ErrUnreachable, err)
	}
	return err
}

// isUnasked tells whether no server was asked: none was found, or there was no
// connection.
func isUnasked(err error) bool {
	var (
		unselected topology.ServerSelectionError
		unopened   topology.ConnectionError
		waited     topology.WaitQueueTimeoutError
		cleared    driver.RetryablePoolError
	)
	return errors.As(err, &unselected) || errors.As(err, &waited) || errors.As(err, &cleared) ||
		errors.As(err, &unopened) && !mongo.IsNetworkError(err)
}

// failure is what a server says of one operation.
type failure struct {
	code    int
	message string
	reply   bson.Raw
}

// failureIn returns the first failure that an error of the driver tells of.
func failureIn(err error) (failure, bool) {
	var (
		command mongo.CommandError
		one     mongo.WriteException
		many    mongo.BulkWriteException
		bulk    mongo.ClientBulkWriteException
		concern *mongo.WriteConcernError
	)
	switch {
	case errors.As(err, &one):
		if len(one.WriteErrors) > 0 {
			return writeFailure(one.WriteErrors[0]), true
		}
		concern = one.WriteConcernError
	case errors.As(err, &many):
		if len(many.WriteErrors) > 0 {
			return writeFailure(many.WriteErrors[0].WriteError), true
		}
		concern = many.WriteConcernError
	case errors.As(err, &bulk):
		if bulk.WriteError != nil {
			return writeFailure(*bulk.WriteError), true
		}
		if len(bulk.WriteConcernErrors) > 0 {
			concern = &bulk.WriteConcernErrors[0]
		}
	case errors.As(err, &command):
		return failure{int(command.Code), command.Message, command.Raw}, command.Code != 0
	}
	if concern == nil {
		return failure{}, false
	}
	return failure{concern.Code, concern.Message, concern.Raw}, true
}

func writeFailure(err mongo.WriteError) failure { return failure{err.Code, err.Message, err.Raw} }

// translated makes a failure an error of taskdb's. The collection of a
// DuplicateKeyError is for the caller to say.
func (f failure) translated(cause error) error {
	switch f.code {
	case taskdb.DuplicateKeyCode:
		return &taskdb.DuplicateKeyError{Index: f.index(), KeyPattern: f.document("keyPattern"), KeyValue: f.document("keyValue")}
	case codeObjectTooLarge, query.CodeUpdateTooLarge, query.CodeUpsertTooLarge:
		cause = fmt.Errorf("%w: %w", taskdb.ErrTooLarge, cause)
	case codeIndexOptionsConflict, codeIndexKeySpecsConflict:
		return fmt.Errorf("%w: %w", taskdb.ErrIndexConflict, cause)
	}
	return &query.Error{Code: f.code, Message: f.message, Cause: cause}
}

// index is the name of the index that a duplicate key is of, which the server has in
// its words alone.
func (f failure) index() string {
	_, behind, _ := strings.Cut(f.message, " index: ")
	name, _, _ := strings.Cut(behind, " dup key: ")
	return name
}

func (f failure) document(key string) bson.Raw {
	doc, _ := f.reply.Lookup(key).DocumentOK()
	return doc
}

// about names the collection in a DuplicateKeyError.
func about(collection string, err error) error {
	var duplicate *taskdb.DuplicateKeyError
	if errors.As(err, &duplicate) {
		duplicate.Collection = collection
	}
	return err
}

// hasCode tells whether an error is a server's with one of the codes.
func hasCode(err error, codes ...int) bool {
	f, ok := failureIn(err)
	for _, code := range codes {
		if ok && f.code == code {
			return true
		}
	}
	return false
}

// isTooLarge tells whether the driver or the server refused what is too large for
// MongoDB.
func isTooLarge(err error) bool {
	return errors.Is(err, driver.ErrDocumentTooLarge) || errors.Is(err, taskdb.ErrTooLarge) ||
		hasCode(err, codeObjectTooLarge, query.CodeUpdateTooLarge, query.CodeUpsertTooLarge)
}
