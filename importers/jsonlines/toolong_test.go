package jsonlines

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The bound is exact, also beyond the buffer through which a file is read. It
// is made smaller here: a document of MaxDocument takes seconds.
func TestTooLong(t *testing.T) {
	const most = 10_000
	document := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	tests := []struct {
		name, text string
		rows       []int64
		wrong      int64
	}{
		{"longest line", document(most-1) + "\n{}", []int64{1, 2}, 0},
		{"longest last line", "{}\n" + document(most), []int64{1, 2}, 0},
		{"longer line", document(most) + "\n{}", []int64{2}, 1},
		{"much longer line", "{}\n" + document(10*most) + "\n{}", []int64{1, 3}, 2},
		{"longer last line", "{}\n" + document(most+1), []int64{1}, 2},
		{"longest item", "[" + document(most) + ",\n{}]", []int64{1, 2}, 0},
		{"longer item", "[{},\n" + document(most+1) + ",{}]", []int64{1}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader("f", strings.NewReader(tt.text))
			require.NoError(t, err)
			r.max = most
			var rows []int64
			var wrong int64
			for record, err := range r.Records(t.Context()) {
				if err == nil {
					rows = append(rows, record.Row)
					continue
				}
				require.ErrorIs(t, err, ErrTooLong)
				wrong = record.Row
			}
			require.Equal(t, tt.rows, rows)
			require.Equal(t, tt.wrong, wrong)
		})
	}
}
