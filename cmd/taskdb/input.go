package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/jsonlines"
)

// readInput reads JSON from standard input.
func (p *program) readInput(ctx context.Context) (importers.Reader, error) {
	if isTerminal(p.stdin) {
		p.note("taskdb", "reading records from standard input, to its end (Ctrl-D)")
	}
	reader, err := jsonlines.NewReader("standard input", p.input(ctx))
	if errors.Is(err, jsonlines.ErrFormat) {
		err = fmt.Errorf("%w; a database must be named as a file", err)
	}
	return reader, err
}

// input is standard input until the context ends: a read that waits for a person
// or a pipe ends then too.
func (p *program) input(ctx context.Context) io.Reader {
	in, out := io.Pipe()
	context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.Copy(out, p.stdin)
		out.CloseWithError(err) // io.EOF for nil
	}()
	return in
}
