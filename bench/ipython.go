package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

//go:embed ipython.py
var ipythonScript string

// ipython is a Python process that keeps the records in one of IPython parallel's
// databases and times what it is asked by itself.
type ipython struct {
	*python
	versions string // of what it runs with
}

// pythonRequest is what ipython.py is asked; see there.
type pythonRequest struct {
	Do        string            `json:"do"`
	Store     string            `json:"store,omitempty"`
	File      string            `json:"file,omitempty"`
	Directory string            `json:"directory,omitempty"`
	IDs       []string          `json:"ids,omitempty"`
	Check     json.RawMessage   `json:"check,omitempty"`
	Records   []json.RawMessage `json:"records,omitempty"`
}

type pythonAnswer struct {
	Seconds float64  `json:"seconds"`
	IDs     []string `json:"ids"`
	Error   string   `json:"error"`
}

// startIPython starts Python with the records in a store, "dict" or "sqlite",
// whose files are in a directory.
func startIPython(ctx context.Context, interpreter, store, directory string, set taskSet) (*ipython, error) {
	process, err := startPython(ctx, interpreter, ipythonScript)
	if err != nil {
		return nil, err
	}
	p := &ipython{python: process}
	records := filepath.Join(directory, "records.jsonl")
	if err := writeRecords(set, records); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	opened, err := p.ask(pythonRequest{Do: "open", Store: store, Directory: directory, File: records})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.versions = strings.Join(opened.IDs, ", ")
	return p, os.Remove(records)
}

func (p *ipython) ask(request pythonRequest) (pythonAnswer, error) {
	var answer pythonAnswer
	err := p.python.ask(request, &answer)
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	if err != nil {
		return answer, fmt.Errorf("ask IPython to %s: %w", request.Do, err)
	}
	return answer, nil
}

// timer asks, and tells the time that IPython took.
func (p *ipython) timer(request pythonRequest) timer {
	return func(context.Context) (time.Duration, error) {
		answer, err := p.ask(request)
		return time.Duration(answer.Seconds * float64(time.Second)), err
	}
}

// jsonOf writes a document as MongoDB's extended JSON, as ipython.py reads it.
func jsonOf(doc any) (json.RawMessage, error) {
	text, err := bson.MarshalExtJSON(doc, false, false)
	if err != nil {
		return nil, fmt.Errorf("write extended JSON: %w", err)
	}
	return text, nil
}

// writeRecords writes all records to a file of JSON lines, for Python to load.
func writeRecords(set taskSet, path string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriter(file)
	err = set.each(func(doc bson.Raw) error {
		line, err := jsonOf(doc)
		if err == nil {
			_, err = w.Write(append(line, '\n'))
		}
		return err
	})
	return errors.Join(err, w.Flush())
}

// asker answers with the msg_ids that IPython finds.
func (p *ipython) asker(request pythonRequest) asker {
	return func(_ context.Context, out sink) error {
		answer, err := p.ask(request)
		for _, id := range answer.IDs {
			out([]byte(id))
		}
		return err
	}
}

// finish has IPython add tasks that were requested, and tells how long it took to
// set the result of one.
func (p *ipython) finish(set taskSet, first, n int) (time.Duration, error) {
	requested, results := make([]json.RawMessage, n), make([]json.RawMessage, n)
	ids := make([]string, n)
	for i := range n {
		doc, err := set.requested(first + i).MarshalBSON()
		if err != nil {
			return 0, err
		}
		result, err := set.result(first + i)
		if err != nil {
			return 0, err
		}
		ids[i] = set.msgID(first + i)
		if requested[i], err = jsonOf(bson.Raw(doc)); err != nil {
			return 0, err
		}
		if results[i], err = jsonOf(result.set); err != nil {
			return 0, err
		}
	}
	if _, err := p.ask(pythonRequest{Do: "add", Records: requested}); err != nil {
		return 0, err
	}
	answer, err := p.ask(pythonRequest{Do: "update", IDs: ids, Records: results})
	return time.Duration(answer.Seconds * float64(time.Second) / float64(n)), err
}

// purge has IPython drop the finished tasks that were submitted before a time.
func (p *ipython) purge(before time.Time) (time.Duration, error) {
	check, err := jsonOf(bson.D{
		{Key: "submitted", Value: bson.D{{Key: "$lt", Value: before}}},
		{Key: "completed", Value: bson.D{{Key: "$ne", Value: nil}}},
	})
	if err != nil {
		return 0, err
	}
	answer, err := p.ask(pythonRequest{Do: "drop", Check: check})
	return time.Duration(answer.Seconds * float64(time.Second)), err
}
