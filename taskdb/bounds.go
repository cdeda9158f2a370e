package taskdb

import "time"

// Bounds are how much each collection of a store may hold, and how long a task may
// stay as it is. The zero value bounds nothing.
//
// When records are added, or one is made larger, and a bound is passed, the oldest
// finished records, by submitted, go in the same step; those without a time go
// first. Unfinished ones never do: with too few finished records the operation
// fails with ErrFull and changes nothing. What went is counted, see Stats, and
// asking for it by its msg_id is an *ExpiredError; the last 100,000 msg_ids of a
// collection are remembered.
type Bounds struct {
	Records int64 // 0: any number
	Bytes   int64 // of BSON, buffers included; 0: any number
	// Cull is the part of a bound that is freed at once when it is passed, from 0
	// (what is needed, no more) to 1. More than 1,000 records go at once only if
	// they are needed.
	Cull float64
	// LostAfter, if not 0, is how long an unfinished task may stay as it is: one
	// that was not added, changed, appended to or given a buffer for so long is
	// lost. It becomes aborted, with the error TaskLost, and is a finished one from
	// then on. Tasks are those of collections of tasks, see IsTasks.
	LostAfter time.Duration
}
