package query

import "time"

// How long it may take to look at one document: for a filter, for an update's
// operators, for the expressions of either or of a projection, or for those of all
// stages of a pipeline, which make documents of many.
const (
	evaluationTime = time.Second
	pipelineTime   = 10 * time.Second
)

// allowance is what the expressions have in common that are parsed together.
type allowance struct {
	limit   time.Duration // for one document
	frames  int           // that share it
	parsing effort        // of evaluating, once, what is constant
}

func newAllowance(limit time.Duration) *allowance {
	return &allowance{limit: limit, parsing: newEffort(evaluationTime)}
}

// effort is what an evaluation, a match or an update has taken until now. A few bytes
// can ask for more work, and for a larger value, than any machine can do or hold.
type effort struct {
	limit    time.Duration
	deadline time.Duration // since began; zero until the clock was looked at
	done     int           // as many bytes as are copied in about that time
	look     int           // how much is done when the clock is looked at again
	held     int           // bytes of the values that wait for others to be made
}

const (
	// perStep is how many bytes are copied in about the time of one operator.
	perStep = 100
	// perLook is what is done in less than a millisecond.
	perLook = 1 << 20
	// perByte is about how long it takes to copy a byte.
	perByte = time.Nanosecond
)

// began is what deadlines are counted from.
var began = time.Now()

// newEffort looks at no clock: that would take longer than most expressions.
func newEffort(limit time.Duration) effort { return effort{limit: limit, look: perLook / 8} }

// spend counts an operator, or one turn of a loop, over so many bytes. It fails if
// the time is up.
func (e *effort) spend(bytes int) error {
	if e.done += perStep + bytes; e.done < e.look {
		return nil
	}
	now := time.Since(began)
	if e.deadline == 0 {
		e.deadline = now + e.limit - time.Duration(e.done)*perByte
	}
	if now > e.deadline {
		return failure(CodeMaxTimeExpired, "operation exceeded time limit: what is asked of one document takes too long")
	}
	e.look = e.done + perLook
	return nil
}

// hold counts the bytes of a value that waits for others. It fails if there are too
// many; a value alone may be larger, as what is stored can be. What no longer waits
// is taken off e.held.
func (e *effort) hold(bytes int) error {
	alone := e.held == 0
	if e.held += bytes; e.held > maxHeld && !alone {
		return tooLarge()
	}
	return nil
}

// turn counts a turn of a loop that holds so many bytes more.
func (e *effort) turn(bytes int) error {
	if err := e.hold(bytes); err != nil {
		return err
	}
	return e.spend(bytes)
}

func tooLarge() *Error {
	return failure(CodeExceededMemory, "an expression would use too much memory and cannot spill. Memory limit: %d bytes", maxHeld)
}
