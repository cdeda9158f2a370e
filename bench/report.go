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
	if t == (target{}) {
		return "–"
	}
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
}

func (r *report) add(name, store string, measured spread, t target) {
	i := slices.IndexFunc(r.figures, func(f figure) bool { return f.name == name })
	if i < 0 {
		i = len(r.figures)
		r.figures = append(r.figures, figure{name, map[string]cell{}})
	}
	r.figures[i].cells[store] = cell{measured, t}
}

func (r *report) write(w io.Writer) error {
	header := "| |"
	rule := "|---|"
	for _, store := range r.stores {
		header += fmt.Sprintf(" %s | asked | met |", store)
		rule += "---|---|---|"
	}
	lines := []string{header, rule}
	for _, f := range r.figures {
		line := "| " + f.name + " |"
		for _, store := range r.stores {
			line += f.cells[store].columns()
		}
		lines = append(lines, line)
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (c cell) columns() string {
	if c.measured == (spread{}) {
		return " | | |"
	}
	met := "yes"
	switch {
	case c.target == (target{}):
		met = ""
	case !c.target.met(c.measured):
		met = "**no**"
	}
	return fmt.Sprintf(" %s | %s | %s |", c.measured, c.target, met)
}
