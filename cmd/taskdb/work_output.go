package main

import (
	"encoding/json"
	"strings"
	"sync"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
)

const (
	maxPending = 1 << 20   // bytes that wait to be sent; with more the command waits
	maxPiece   = 256 << 10 // bytes that are sent at once
	maxKept    = 1 << 20   // bytes that a result or a traceback is made of
)

// output is what a command writes: what was not sent yet, and the end of all.
type output struct {
	mu        sync.Mutex
	sent      *sync.Cond
	pending   []byte
	kept      []byte
	isCut     bool // kept is not all
	discarded bool // nobody wants it
}

func newOutput() *output {
	o := new(output)
	o.sent = sync.NewCond(&o.mu)
	return o
}

// Write is io.Writer's. It waits while too much has to be sent.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > maxPending && !o.discarded {
		o.sent.Wait()
	}
	if !o.discarded {
		o.pending = append(o.pending, p...)
	}
	o.kept = append(o.kept, p...)
	if excess := len(o.kept) - maxKept; excess > 0 {
		o.kept, o.isCut = append([]byte(nil), o.kept[excess:]...), true
	}
	return len(p), nil
}

// discard has nothing be sent any more.
func (o *output) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending, o.discarded = nil, true
	o.sent.Broadcast()
}

// take takes the next piece to send. What may be the beginning of a letter stays,
// unless it is the last.
func (o *output) take(last bool) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(len(o.pending), maxPiece)
	if !last || n == maxPiece {
		n -= unfinishedLetter(o.pending[:n])
	}
	piece := strings.ToValidUTF8(string(o.pending[:n]), string(utf8.RuneError))
	o.pending = o.pending[n:]
	o.sent.Broadcast()
	return piece
}

// unfinishedLetter is how many bytes at the end of a text may be the beginning of a
// letter.
func unfinishedLetter(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if start := text[len(text)-n:]; utf8.RuneStart(start[0]) {
			if utf8.FullRune(start) {
				return 0
			}
			return n
		}
	}
	return 0
}

// result is what a command has written, as the content of a result. Of what is too
// long it is nothing: the output has it.
func (o *output) result() api.Exact {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.TrimSpace(strings.ToValidUTF8(string(o.kept), string(utf8.RuneError)))
	if text == "" || o.isCut {
		return nil
	}
	var wrapped bson.Raw
	if json.Valid([]byte(text)) && bson.UnmarshalExtJSON([]byte(`{"result":`+text+`}`), false, &wrapped) == nil {
		if document, ok := wrapped.Lookup("result").DocumentOK(); ok {
			return api.Exact(document)
		}
		return api.Exact(wrapped)
	}
	wrapped, err := bson.Marshal(bson.D{{Key: "text", Value: text}})
	if err != nil {
		return nil // no text fails
	}
	return api.Exact(wrapped)
}

// maxTraceback is how many lines a traceback has.
const maxTraceback = 30

// lastLines are the last lines of what a command has written.
func (o *output) lastLines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.TrimRight(strings.ToValidUTF8(string(o.kept), string(utf8.RuneError)), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-maxTraceback):]
}
