package bounds

import (
	"fmt"

	"github.com/taskdb/taskdb/taskdb"
)

// atOnce is how many records go at once at the most, unless more are needed: other
// writers wait meanwhile.
const atOnce = 1000

// MaxExpired is how many of the records that went a collection remembers.
const MaxExpired = 100_000

// Size is how many records there are, and how many bytes they take.
type Size struct{ Records, Bytes int64 }

// Fits tells whether a collection that holds so much may grow by so much.
func Fits(b taskdb.Bounds, held, growth Size) bool {
	return (b.Records == 0 || held.Records+growth.Records <= b.Records) &&
		(b.Bytes == 0 || held.Bytes+growth.Bytes <= b.Bytes)
}

// Demand is what has to go from a collection for an operation that made it grow,
// and what may go at once with that.
type Demand struct {
	rule       string
	need, want Size
	freed      int64 // records
}

// DemandOf returns what an operation demands, with which a collection holds so
// much, after it held another size. A collection that held too much before, since
// it was opened with lower bounds than it had, need not be brought within them by
// one operation.
func DemandOf(b taskdb.Bounds, held, before Size) Demand {
	d := Demand{}
	d.need.Records, d.want.Records = share(b.Records, b.Cull, held.Records, before.Records)
	d.need.Bytes, d.want.Bytes = share(b.Bytes, b.Cull, held.Bytes, before.Bytes)
	switch {
	case d.need.Records > 0:
		d.rule = fmt.Sprintf("max_records=%d", b.Records)
	case d.need.Bytes > 0:
		d.rule = fmt.Sprintf("max_bytes=%d", b.Bytes)
	}
	return d
}

// share is what has to go, and what is to, for one bound.
func share(bound int64, cull float64, held, before int64) (need, want int64) {
	excess := held - bound
	if bound == 0 || excess <= 0 || held <= before {
		return 0, 0
	}
	return min(excess, held-before), max(excess, int64(cull*float64(bound)))
}

// Rule is the bound that was passed, as the option of a URL.
func (d *Demand) Rule() string { return d.rule }

// Free notes that a record of so many bytes goes.
func (d *Demand) Free(bytes int64) {
	d.need.Records--
	d.want.Records--
	d.need.Bytes -= bytes
	d.want.Bytes -= bytes
	d.freed++
}

// Met tells whether what has to go does.
func (d *Demand) Met() bool { return d.need.Records <= 0 && d.need.Bytes <= 0 }

// Done tells whether no more is to go.
func (d *Demand) Done() bool {
	return d.Met() && (d.freed >= atOnce || d.want.Records <= 0 && d.want.Bytes <= 0)
}
