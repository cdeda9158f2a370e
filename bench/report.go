package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// figure is one line of the report: what was measured on each store.
type figure struct {
	name  string
	cells map[string]cell // by store
}

// cell is a figure of one store.
type cell struct {
	measured spread
	target   target
}

// target is what a figure is asked to be.
type target struct {
	limit  float64
	atMost bool // else at least
	unit   string
}

func atMost(limit float64, unit string) target  { return target{limit, true, unit} }
func atLeast(limit float64, unit string) target { return target{limit, false, unit} }

func (t target) met(s spread) bool {
	if t.atMost {
		return s.median <= t.limit
	}
	return s.median >= t.limit
}

func (t target) String() string {
	sign := "≥"
	if t.atMost {
		sign = "≤"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %g %s", sign, t.limit, t.unit))
}

// report collects figures and writes them as a Markdown table, in the order in
// which they first came.
type report struct {
	stores  []string
	figures []figure
	notes   []string
}

func (r *report) add(name, store string, measured spread, t target) {
	i := slices.IndexFunc(r.figures, func(f figure) bool { return f.name == name })
	if i < 0 {
		i = len(r.figures)
		r.figures = append(r.figures, figure{name, map[string]cell{}})
	}
	r.figures[i].cells[store] = cell{measured, t}
}

// note adds a sentence that stands below the table.
func (r *report) note(sentence string) { r.notes = append(r.notes, sentence) }

func (r *report) write(w io.Writer) error {
	lines := []string{
		"| | " + strings.Join(r.stores, " | ") + " | asked | met |",
		"|---|" + strings.Repeat("---|", len(r.stores)) + "---|---|",
	}
	for _, f := range r.figures {
		lines = append(lines, f.line(r.stores))
	}
	for _, sentence := range r.notes {
		lines = append(lines, "", sentence)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (f figure) line(stores []string) string {
	columns := []string{f.name}
	var asked, met []string
	for _, store := range stores {
		c, measured := f.cells[store]
		if !measured {
			columns = append(columns, "")
			continue
		}
		columns = append(columns, c.measured.String())
		if c.target != (target{}) {
			asked = append(asked, c.target.String())
			met = append(met, c.verdict())
		}
	}
	columns = append(columns, strings.Join(asked, "; "), strings.Join(met, "; "))
	return "| " + strings.Join(columns, " | ") + " |"
}

func (c cell) verdict() string {
	if c.target.met(c.measured) {
		return "yes"
	}
	return "**no**"
}
