package main

import (
	"bufio"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	// measuredRows is how many rows the widths are made for; those that follow are
	// cut to them. So memory is bounded and a long answer shows soon.
	measuredRows = 1000
	// widestCell is how wide a column gets that may be cut.
	widestCell = 60
	// leastCell is how narrow such a column gets to fit the terminal.
	leastCell = 8
	// gap is between columns.
	gap = "  "
)

// column is one column of a table.
type column struct {
	title    string
	cell     func(doc bson.Raw) string
	whole    bool // never cut: to be copied
	optional bool // left out if it is empty or does not fit
}

// table writes records as aligned columns.
type table struct {
	out     *bufio.Writer
	width   int      // of the terminal, 0 if there is none
	columns []column // nil until the first rows tell the keys
	widths  []int    // nil until they are measured
	rows    []bson.Raw
}

// newTable returns a table of columns, or, if there are none, of the keys that the
// records have.
func newTable(w io.Writer, columns []column) *table {
	return &table{out: bufio.NewWriter(w), width: terminalWidth(w), columns: columns}
}

func (t *table) print(v any) error {
	doc := v.(bson.Raw)
	if t.widths != nil {
		return t.writeRow(t.cells(doc))
	}
	if t.rows = append(t.rows, doc); len(t.rows) == measuredRows {
		return t.begin()
	}
	return nil
}

func (t *table) finish() error {
	if t.widths == nil && len(t.rows) > 0 {
		if err := t.begin(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

// begin decides the columns and writes the rows so far.
func (t *table) begin() error {
	if t.columns == nil {
		t.columns = keyColumns(t.rows)
	}
	titles := make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.title
	}
	rows := [][]string{titles}
	for _, doc := range t.rows {
		rows = append(rows, t.cells(doc))
	}
	t.rows = nil
	t.fit(rows)
	for _, row := range rows {
		if err := t.writeRow(row); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) cells(doc bson.Raw) []string {
	cells := make([]string, len(t.columns))
	for i, c := range t.columns {
		cells[i] = printable(c.cell(doc))
	}
	return cells
}

// fit chooses the widths: what the cells need, less where that is more than the
// terminal has. A width of 0 leaves a column out.
func (t *table) fit(rows [][]string) {
	t.widths = make([]int, len(t.columns))
	for i, c := range t.columns {
		t.widths[i] = needed(c, i, rows)
	}
	if t.width == 0 {
		return
	}
	for t.total() > t.width {
		if widest := t.widest(); widest >= 0 {
			t.widths[widest]--
		} else if last := t.lastOptional(); last >= 0 {
			t.widths[last] = 0
		} else {
			return
		}
	}
}

// needed returns the width of column i that shows all its cells.
func needed(c column, i int, rows [][]string) int {
	width := 0
	for _, row := range rows[1:] {
		width = max(width, runewidth.StringWidth(row[i]))
	}
	if width == 0 && c.optional {
		return 0
	}
	width = max(width, runewidth.StringWidth(rows[0][i]))
	if !c.whole {
		width = min(width, widestCell)
	}
	return width
}

// total is the width of a row.
func (t *table) total() int {
	total := -len(gap)
	for _, width := range t.widths {
		if width > 0 {
			total += width + len(gap)
		}
	}
	return total
}

// widest returns the widest column that can be cut, or -1.
func (t *table) widest() int {
	widest, width := -1, leastCell
	for i, c := range t.columns {
		if !c.whole && t.widths[i] > width {
			widest, width = i, t.widths[i]
		}
	}
	return widest
}

// lastOptional returns the last column that is shown and need not be, or -1.
func (t *table) lastOptional() int {
	for i := len(t.columns) - 1; i >= 0; i-- {
		if t.columns[i].optional && t.widths[i] > 0 {
			return i
		}
	}
	return -1
}

func (t *table) writeRow(cells []string) error {
	var shown []string
	for i, cell := range cells {
		if width := t.widths[i]; width > 0 {
			shown = append(shown, runewidth.FillRight(runewidth.Truncate(cell, width, "…"), width))
		}
	}
	_, err := t.out.WriteString(strings.TrimRight(strings.Join(shown, gap), " ") + "\n")
	return err
}
