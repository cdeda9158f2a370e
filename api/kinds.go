package api

// The kinds of problems, for programs. Each is one error of package taskdb, hub or
// query, which the server writes and package client makes of it again; those from
// KindMalformed on are the API's own.
const (
	KindNotFound      = "not-found"       // taskdb.ErrNotFound
	KindExpired       = "expired"         // *taskdb.ExpiredError
	KindNoData        = "no-data"         // taskdb.ErrNoData
	KindExists        = "exists"          // *taskdb.DuplicateKeyError
	KindConflict      = "conflict"        // *hub.ConflictError
	KindFinished      = "finished"        // *hub.FinishedError
	KindLease         = "lease"           // *hub.LeaseError
	KindNoTask        = "no-task"         // hub.ErrNoTask
	KindNotWaiting    = "not-waiting"     // hub.ErrNotWaiting
	KindAmbiguous     = "ambiguous"       // *hub.AmbiguousError
	KindDependency    = "dependency"      // *hub.DependencyError
	KindDrained       = "drained"         // *hub.DrainedError
	KindUnfinished    = "unfinished"      // *taskdb.UnfinishedError
	KindNotAll        = "not-all"         // taskdb.ErrNotAll
	KindQuery         = "query"           // *query.Error
	KindBudget        = "budget"          // taskdb.ErrBudget
	KindMissed        = "missed"          // hub.ErrMissed
	KindToken         = "token"           // taskdb.ErrToken
	KindFull          = "full"            // taskdb.ErrFull
	KindTooLarge      = "too-large"       // taskdb.ErrTooLarge
	KindNoBuffers     = "no-buffers"      // taskdb.ErrNoBuffers
	KindIndexConflict = "index-conflict"  // taskdb.ErrIndexConflict
	KindNotTried      = "not-tried"       // taskdb.ErrNotTried
	KindUnderWay      = "under-way"       // taskdb.ErrUnderWay
	KindUnsupported   = "unsupported"     // taskdb.ErrUnsupported
	KindReadOnly      = "read-only"       // taskdb.ErrReadOnly
	KindLocked        = "locked"          // taskdb.ErrLocked
	KindUnreachable   = "unreachable"     // taskdb.ErrUnreachable
	KindClosed        = "closed"          // taskdb.ErrClosed
	KindTime          = "time"            // context.DeadlineExceeded
	KindMalformed     = "malformed"       // the request is no JSON, or not UTF-8
	KindInvalid       = "invalid"         // the request is not as the description has it
	KindUnauthorized  = "unauthorized"    // there is no such token, or none was sent
	KindForbidden     = "forbidden"       // the user may not do this
	KindNoRoute       = "no-route"        // there is no such path
	KindMethod        = "method"          // the path has other methods
	KindBody          = "body-too-large"  // the request is larger than the server takes
	KindBusy          = "busy"            // too much is asked at once; try again
	KindIdempotency   = "idempotency-key" // the key was sent with another request
	KindInternal      = "internal"        // the server is at fault; its log says more
)
