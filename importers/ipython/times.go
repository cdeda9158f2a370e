package ipython

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// dates are the keys within documents that hold times: those that IPython
// itself puts there.
var dates = map[string][]string{
	"header":          {"date"},
	"metadata":        {"submitted"},
	"result_header":   {"date"},
	"result_metadata": {"started", "completed", "submitted", "date"},
}

// zones are the ways in which an offset follows a time. Python writes one with
// seconds where a zone had such an offset, long ago.
var zones = []string{"Z07:00", "Z0700", "Z07:00:00", ""}

// parseTime reads a time as Python's datetime.isoformat writes it, with a space
// for the T as well, and with any offset, Z, or none: then it is a time in loc.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	iso := strings.Replace(s, " ", "T", 1)
	for _, zone := range zones {
		if t, err := time.ParseInLocation("2006-01-02T15:04:05"+zone, iso, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.60q is no time as in 2011-05-01T12:00:00.123456+00:00", s)
}

// withDates returns the document of a column with the times under keys made
// dates. A text that is no time stays, with a warning.
func (d *doc) withDates(column string, document bsoncore.Document, keys []string) (bsoncore.Document, error) {
	elements, err := document.Elements()
	if err != nil {
		return nil, err
	}
	start, out := bsoncore.AppendDocumentStart(nil)
	for _, e := range elements {
		text, ok := e.Value().StringValueOK()
		if !ok || !slices.Contains(keys, e.Key()) {
			out = append(out, e...)
			continue
		}
		t, err := parseTime(text, d.location)
		if err != nil {
			d.warn(column+"."+e.Key(), fmt.Errorf("kept as text: %w", err))
			out = append(out, e...)
			continue
		}
		out = bsoncore.AppendDateTimeElement(out, e.Key(), t.UnixMilli())
	}
	return bsoncore.AppendDocumentEnd(out, start)
}
