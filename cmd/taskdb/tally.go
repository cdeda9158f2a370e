package main

import (
	"fmt"
	"strings"

	"github.com/taskdb/taskdb/transfer"
)

// tally counts what became of the records of a file or a collection, and notes what
// is to be told of them.
type tally struct {
	what   string // the file, or the collection
	isFile bool
	notes  notes

	read     int
	fates    [transfer.Refused + 1]int
	nameless int // of those added, without an id to know them by
}

// count counts a record.
func (t *tally) count(r transfer.Result) error {
	t.read++
	t.fates[r.Fate]++
	for _, warning := range r.Record.Warnings {
		t.note(r, warning)
	}
	switch {
	case r.Fate == transfer.Added && !transfer.HasName(r.Record.Doc):
		t.nameless++
	case r.Fate == transfer.Refused && r.Record.Doc == nil:
		t.notes.add("%v", r.Err) // which says where
	case r.Fate == transfer.Refused:
		t.note(r, r.Err)
	}
	t.notes.p.showProgress(t.read)
	return nil
}

// countAll is count, and notes the records that are not there as they should be.
func (t *tally) countAll(r transfer.Result) error {
	id := printable(text(r.Doc.Lookup("_id")))
	switch {
	case r.Fate == transfer.Missing:
		t.notes.add("%s: %s: it is not there", t.what, id)
	case r.Fate == transfer.Different && r.Err != nil:
		t.notes.add("%s: %s: %v", t.what, id, r.Err)
	case r.Fate == transfer.Different:
		t.notes.add("%s: %s: it differs in %s", t.what, id, wording(r.Where))
	}
	return t.count(r)
}

// wording tells people where two records differ.
func wording(d transfer.Discrepancy) string {
	const shown = 5
	paths := d.Paths[:min(shown, len(d.Paths))]
	if len(d.Paths) > shown {
		paths = append(paths[:shown:shown], "…")
	}
	if d.Order {
		paths = append(paths[:len(paths):len(paths)], "the order of keys")
	}
	return strings.Join(paths, ", ")
}

// note notes what is wrong with a record as it was read.
func (t *tally) note(r transfer.Result, err error) {
	if t.isFile {
		t.notes.add("%s: %s, row %d: %v", t.what, r.Record.Source, r.Record.Row, err)
	} else {
		t.notes.add("%s: %s: %v", t.what, printable(text(r.Doc.Lookup("_id"))), err)
	}
}

// there is how many records were there already, whatever they are.
func (t *tally) there() int { return t.fates[transfer.Same] + t.fates[transfer.Different] }

// list writes counts, those that are 0 only if they are among the first.
func list(always int, counts ...counted) string {
	var shown []string
	for i, c := range counts {
		if c.n > 0 || i < always {
			shown = append(shown, fmt.Sprintf("%d %s", c.n, c.of))
		}
	}
	return strings.Join(shown, ", ")
}

// counted is a number of something.
type counted struct {
	n  int
	of string
}
