package query

import (
	"math"
	"slices"
)

// digesting is $percentile or $median of $group: a t-digest, with MongoDB's scale.
// Of up to a thousand numbers it knows each.
type digesting struct {
	quantiles
	buffer      []float64 // numbers that are not in centroids yet
	centroids   []centroid
	n           int // numbers in centroids
	least, most float64
	low, high   int // how many are -Infinity, and Infinity
}

// centroid stands for numbers: how many there are, and their mean.
type centroid struct{ weight, mean float64 }

const (
	// digestScale is how fine the digest is.
	digestScale = 1000
	// maxBuffer is how many numbers are taken into the digest at once.
	maxBuffer = 5 * digestScale
)

func (d *digesting) add(v value) (int, error) {
	if !v.isNumber() || v.isNaN() {
		return 0, nil
	}
	f := v.approximate()
	switch {
	case math.IsInf(f, -1):
		d.low++
		return 0, nil
	case math.IsInf(f, 1):
		d.high++
		return 0, nil
	}
	held := len(d.buffer) + 2*len(d.centroids)
	if d.buffer = append(d.buffer, f); len(d.buffer) == maxBuffer {
		d.merge()
	}
	return 8 * (len(d.buffer) + 2*len(d.centroids) - held), nil
}

func (d *digesting) result() value {
	d.merge()
	if d.n+d.low+d.high == 0 {
		return d.value(nil)
	}
	found := make([]float64, len(d.ps))
	for i, p := range d.ps {
		found[i] = d.quantile(p)
	}
	return d.value(found)
}

// merge takes the buffer into the centroids. Neighbours become one as far as the
// scale allows.
func (d *digesting) merge() {
	if len(d.buffer) == 0 {
		return
	}
	slices.Sort(d.buffer)
	if d.n == 0 {
		d.least, d.most = d.buffer[0], d.buffer[0]
	}
	d.least, d.most = min(d.least, d.buffer[0]), max(d.most, d.buffer[len(d.buffer)-1])
	d.n += len(d.buffer)
	m := digestMerge{centroids: d.centroids, numbers: d.buffer, n: float64(d.n)}
	m.run(func() bool { return len(m.centroids) > 0 && len(m.numbers) > 0 })
	m.run(func() bool { return len(m.centroids) > 0 || len(m.numbers) > 0 })
	d.centroids, d.buffer = m.merged, d.buffer[:0]
}

// digestMerge merges what is left of centroids and of sorted numbers.
type digestMerge struct {
	centroids []centroid
	numbers   []float64
	n         float64 // numbers in all
	merged    []centroid
	weight    float64 // of merged
}

// run merges for as long as there is more. A centroid does not grow beyond that.
func (m *digestMerge) run(more func() bool) {
	for more() {
		var grown centroid
		m.next(&grown)
		limit := m.n * scaleLimit(m.weight/m.n)
		for more() && m.weight+grown.weight+m.nextWeight() <= limit {
			m.next(&grown)
		}
		m.merged = append(m.merged, grown)
		m.weight += grown.weight
	}
}

// numberIsNext tells whether the next in order is a number.
func (m *digestMerge) numberIsNext() bool {
	return len(m.centroids) == 0 || len(m.numbers) > 0 && m.centroids[0].mean > m.numbers[0]
}

func (m *digestMerge) nextWeight() float64 {
	if m.numberIsNext() {
		return 1
	}
	return m.centroids[0].weight
}

// next adds what is next to a centroid.
func (m *digestMerge) next(to *centroid) {
	if m.numberIsNext() {
		to.weight++
		to.mean += (m.numbers[0] - to.mean) / to.weight
		m.numbers = m.numbers[1:]
		return
	}
	other := m.centroids[0]
	m.centroids = m.centroids[1:]
	weight := to.weight + other.weight
	if other.weight < to.weight {
		to.mean += (other.mean - to.mean) * (other.weight / weight)
	} else {
		to.mean = other.mean + (to.mean-other.mean)*(to.weight/weight)
	}
	to.weight = weight
}

// scaleLimit is up to which part of the numbers a centroid may reach that begins at
// a part of them: the parts are small at both ends.
func scaleLimit(q float64) float64 {
	k := digestScale / math.Sqrt2 * math.Sqrt(q)
	if q > 0.5 {
		k = digestScale - digestScale/math.Sqrt2*math.Sqrt(1-q)
	}
	r := (1 + k) / digestScale
	if r <= 0.5 {
		return 2 * r * r
	}
	b := 1 - r
	return 1 - 2*b*b
}

// quantile returns the number at a quantile. Within a centroid numbers are taken to
// lie evenly.
func (d *digesting) quantile(p float64) float64 {
	rank := placeOf(d.n+d.low+d.high, p)
	switch {
	case rank < d.low:
		return math.Inf(-1)
	case rank >= d.low+d.n:
		return math.Inf(1)
	case p >= 1:
		return d.most
	case p <= 0:
		return d.least
	}
	rank -= d.low
	i, reached := 0, d.centroids[0].weight
	for ; reached <= float64(rank); reached += d.centroids[i].weight {
		i++
	}
	if d.centroids[i].weight == 1 {
		return d.centroids[i].mean
	}
	return d.within(i, reached-float64(rank))
}

// within returns the number that has so many after it in a centroid, itself
// included: between the means of this one and the one beside it.
func (d *digesting) within(i int, rest float64) float64 {
	current := d.centroids[i]
	left, right := current, centroid{mean: d.most}
	if i+1 < len(d.centroids) {
		right = d.centroids[i+1]
	}
	doubled := current.weight - 2*(rest-1)
	if rest >= current.weight/2 {
		left, right = centroid{mean: d.least}, current
		if i > 0 {
			left = d.centroids[i-1]
		}
		doubled = left.weight + 2*right.weight - 2*(rest-1)
	}
	part := doubled / (left.weight + right.weight)
	return min(right.mean, left.mean+(right.mean-left.mean)*part)
}
