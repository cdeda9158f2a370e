package execute

import "github.com/RoaringBitmap/roaring/v2/roaring64"

// Seen tells documents that a walk has come upon before. Where it can come upon
// one again only if somebody moved it meanwhile, the ids are just noted until
// somebody does: that is ten times as fast as a set.
type Seen struct {
	source  Source
	repeats bool // the plan itself may repeat documents
	ordered bool // the walk is by ids, and cannot come upon one again
	noted   []uint64
	ids     *roaring64.Bitmap
}

// NewSeen returns what tells documents of a walk over a source by an index.
func NewSeen(source Source) *Seen { return &Seen{source: source} }

// maxNoted is how many ids are noted before they go into the set, which is smaller.
const maxNoted = 1 << 16

// First tells whether it is called with an id for the first time.
func (s *Seen) First(id uint64) bool {
	switch {
	case s.ordered && !s.repeats:
		return true
	case s.repeats || s.source.Since().Moved:
		s.gather()
		return s.ids.CheckedAdd(id)
	}
	s.noted = append(s.noted, id)
	if len(s.noted) == maxNoted {
		s.gather()
	}
	return true
}

// gather puts what was noted into the set.
func (s *Seen) gather() {
	if s.ids == nil {
		s.ids = roaring64.New()
	}
	s.ids.AddMany(s.noted)
	s.noted = s.noted[:0]
}
