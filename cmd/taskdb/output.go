package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/term"
)

// The forms of output.
const (
	formTable     = "table"     // aligned columns, long values cut
	formLines     = "jsonl"     // a record a line, relaxed extended JSON
	formArray     = "json"      // an indented array of records, relaxed extended JSON
	formCanonical = "canonical" // a record a line, canonical extended JSON, which keeps all types
)

// listForms are the forms of what is no record.
var listForms = []string{formTable, formLines, formArray}

// outputFlags say how to show records.
type outputFlags struct {
	form string
}

// register adds the flag. onTerminal is the form that a terminal gets by default.
func (f *outputFlags) register(cmd *cobra.Command, onTerminal string, forms ...string) {
	byDefault := " (default " + onTerminal + " on a terminal, else " + formLines + ")"
	if onTerminal == formLines {
		byDefault = " (default " + formLines + ")"
	}
	cmd.Flags().StringVarP(&f.form, "output", "o", "", "write as `FORM`: "+strings.Join(forms, ", ")+byDefault)
	err := cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag is the one above
	}
}

// choose returns the form that was asked for, or else the default.
func (f *outputFlags) choose(stdout io.Writer, onTerminal string, forms ...string) (string, error) {
	switch {
	case f.form == "" && isTerminal(stdout):
		return onTerminal, nil
	case f.form == "":
		return formLines, nil
	case !slices.Contains(forms, f.form):
		return "", usage("want one of: "+strings.Join(forms, ", "), "unknown output %q", f.form)
	}
	return f.form, nil
}

// printer writes values one after another. finish must be called in the end.
type printer interface {
	print(v any) error
	finish() error
}

// printer returns one for documents, of which a table shows some columns.
func (p *program) printer(form string, columns []column) printer {
	if form == formTable {
		return newTable(p.stdout, columns)
	}
	return newJSONPrinter(form, p.stdout)
}

func newJSONPrinter(form string, w io.Writer) printer {
	out := bufio.NewWriter(w)
	if form == formArray {
		return &arrayPrinter{out: out}
	}
	return &linePrinter{out: out, canonical: form == formCanonical}
}

// linePrinter writes a value a line, as extended JSON.
type linePrinter struct {
	out       *bufio.Writer
	canonical bool
}

func (p *linePrinter) print(v any) error {
	text, err := extendedJSON(v, p.canonical)
	if err != nil {
		return err
	}
	p.out.Write(text) // finish tells its error
	return p.out.WriteByte('\n')
}

func (p *linePrinter) finish() error { return p.out.Flush() }

// arrayPrinter writes the values as one array, as relaxed extended JSON.
type arrayPrinter struct {
	out   *bufio.Writer
	count int
}

func (p *arrayPrinter) print(v any) error {
	text, err := extendedJSON(v, false)
	if err != nil {
		return err
	}
	separator := ",\n  "
	if p.count++; p.count == 1 {
		separator = "[\n  "
	}
	p.out.WriteString(separator) // finish tells its error
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "  ", "  "); err != nil {
		return fmt.Errorf("indent JSON: %w", err)
	}
	_, err = indented.WriteTo(p.out)
	return err
}

func (p *arrayPrinter) finish() error {
	end := "\n]\n"
	if p.count == 0 {
		end = "[]\n"
	}
	p.out.WriteString(end)
	return p.out.Flush()
}

// extendedJSON writes a document or any other value.
func extendedJSON(v any, canonical bool) ([]byte, error) {
	if doc, ok := v.(bson.Raw); ok {
		text, err := bson.MarshalExtJSON(doc, canonical, false)
		if err != nil {
			return nil, fmt.Errorf("write a record as JSON: %w", err)
		}
		return text, nil
	}
	const before, after = `{"":`, `}` // the bson package writes documents only
	text, err := bson.MarshalExtJSON(bson.D{{Key: "", Value: v}}, canonical, false)
	if err != nil {
		return nil, fmt.Errorf("write a value as JSON: %w", err)
	}
	return text[len(before) : len(text)-len(after)], nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalWidth returns how many columns a terminal has; 0 is not known.
func terminalWidth(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
