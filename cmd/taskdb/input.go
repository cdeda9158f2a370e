package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/csvrows"
)

// readInput reads records from standard input.
func (p *program) readInput(ctx context.Context, isCSV bool) (importers.Reader, error) {
	if isTerminal(p.stdin) {
		p.note("taskdb", "reading records from standard input, to its end (Ctrl-D)")
	}
	const name = "standard input"
	if isCSV {
		return csvrows.NewReader(name, p.input(ctx))
	}
	reader, err := importers.NewReader(name, p.input(ctx))
	if errors.Is(err, importers.ErrUnknownFormat) {
		err = &hinted{fmt.Errorf("%s is neither JSON nor a BSON dump", name),
			"a database must be named as a file; of CSV, import must be told: --format csv"}
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
