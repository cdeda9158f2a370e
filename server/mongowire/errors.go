package mongowire

import (
	"context"
	"errors"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// MongoDB's codes of errors that are the protocol's own.
const (
	codeUnauthorized           = 13
	codeAuthenticationFailed   = 18
	codeNamespaceNotFound      = 26
	codeCursorNotFound         = 43
	codeNamespaceExists        = 48
	codeCommandNotFound        = 59
	codeIndexOptionsConflict   = 85
	codeIndexKeysConflict      = 86
	codeMechanismUnavailable   = 334
	codeUnsupportedOpQuery     = 352
	codeTemporarilyUnavailable = 365
	codeShutdownInterrupt      = 11600
	codeCursorInUse            = 12051
)

// codeNames are MongoDB's names of the codes that package query has none of.
var codeNames = map[int]string{
	1:                          "InternalError",
	6:                          "HostUnreachable",
	codeUnauthorized:           "Unauthorized",
	codeAuthenticationFailed:   "AuthenticationFailed",
	20:                         "IllegalOperation",
	codeNamespaceNotFound:      "NamespaceNotFound",
	codeCursorNotFound:         "CursorNotFound",
	46:                         "LockBusy",
	codeNamespaceExists:        "NamespaceExists",
	50:                         "MaxTimeMSExpired",
	codeCommandNotFound:        "CommandNotFound",
	72:                         "InvalidOptions",
	codeIndexOptionsConflict:   "IndexOptionsConflict",
	codeIndexKeysConflict:      "IndexKeySpecsConflict",
	91:                         "ShutdownInProgress",
	96:                         "OperationFailed",
	115:                        "CommandNotSupported",
	123:                        "NotAReplicaSet",
	322:                        "APIVersionError",
	codeMechanismUnavailable:   "MechanismUnavailable",
	codeTemporarilyUnavailable: "TemporarilyUnavailable",
	codeUnsupportedOpQuery:     "UnsupportedOpQueryCommand",
	10334:                      "BSONObjectTooLarge",
	11000:                      "DuplicateKey",
	codeShutdownInterrupt:      "InterruptedAtShutdown",
	11601:                      "Interrupted",
	codeCursorInUse:            "CursorInUse",
	14031:                      "OutOfDiskSpace",
	40413:                      "IDLDuplicateField",
	40414:                      "IDLFailedToParse",
	40415:                      "IDLUnknownField",
}

// codeName returns MongoDB's name of a code.
func codeName(code int) string {
	if name, ok := codeNames[code]; ok {
		return name
	}
	return (&query.Error{Code: code}).CodeName()
}

// failure is the reply of an error, and its code.
func (r *request) failure(err error) (reply bson.D, code int) {
	if errors.Is(err, context.Canceled) && r.conn.isDraining() {
		err = &query.Error{Code: codeShutdownInterrupt, Message: "interrupted at shutdown", Cause: err}
	}
	reply = bson.D{{Key: "ok", Value: 0.0}}
	for _, e := range command.Failure(err) {
		if e.Key == "code" {
			code = int(e.Value.(int32))
		}
		reply = append(reply, e)
	}
	if code == internalError {
		r.conn.log.Error("command failed", "command", r.command.Name(), "error", err)
	}
	return append(reply, bson.E{Key: "codeName", Value: codeName(code)}), code
}

const internalError = 1

// noCollection is the error of a command about a collection that there is not.
func noCollection(db *taskdb.DB) error {
	return &query.Error{Code: codeNamespaceNotFound, Message: "ns does not exist: " + db.Collection()}
}

func cursorNotFound(id int64) error {
	return &query.Error{Code: codeCursorNotFound, Message: "cursor id " + strconv.FormatInt(id, 10) + " not found"}
}
