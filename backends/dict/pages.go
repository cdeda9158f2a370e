package dict

import "go.mongodb.org/mongo-driver/v2/bson"

const (
	pageSize  = 1024      // documents
	chunkSize = 512 << 10 // bytes
	maxPacked = 64 << 10  // bytes of a document in a chunk
)

// pages hold documents by their ids, which count up from 1 and are never used
// again. A document's bytes are never changed, so that whoever got it may read it
// without the store's lock.
//
// Small documents are added to chunks, in which they stand together: an allocation for
// each would waste a twentieth. But a chunk lasts as long as any document in it. So
// what takes a document's place stands alone, and so do all of a page when only an
// eighth of its bytes in chunks is wanted: a purge that copied when half were would
// copy what it is about to remove, and take a sixth longer.
type pages struct {
	pages []*page // a page without any document is nil
	next  uint64
	chunk []byte // the last one
	count int64
	bytes int64
}

// page has the documents of pageSize ids.
type page struct {
	docs   [pageSize]bson.Raw // a removed document is nil
	live   int
	packed [pageSize]bool // those that stand in chunks
	// How many bytes of the page were added to chunks, and how many of these are still
	// wanted.
	added, wanted int
}

// nextID is the id that the next document will have.
func (p *pages) nextID() uint64 { return max(p.next, 1) }

// empty tells whether there never was a document.
func (p *pages) empty() bool { return p.next == 0 }

func (p *pages) add(doc bson.Raw) {
	id := p.nextID()
	p.next = id + 1
	for uint64(len(p.pages)) <= id/pageSize {
		p.pages = append(p.pages, new(page))
	}
	at, i := p.pages[id/pageSize], id%pageSize
	if len(doc) <= maxPacked {
		at.docs[i], at.packed[i] = p.pack(doc), true
		at.added, at.wanted = at.added+len(doc), at.wanted+len(doc)
	} else {
		at.docs[i] = alone(doc)
	}
	at.live++
	p.count++
	p.bytes += int64(len(doc))
}

// pack copies a document to a chunk.
func (p *pages) pack(doc bson.Raw) bson.Raw {
	if cap(p.chunk)-len(p.chunk) < len(doc) {
		p.chunk = make([]byte, 0, chunkSize)
	}
	start := len(p.chunk)
	p.chunk = append(p.chunk, doc...)
	return bson.Raw(p.chunk[start:len(p.chunk):len(p.chunk)])
}

// alone copies a document to memory of its own.
func alone(doc bson.Raw) bson.Raw { return append(make(bson.Raw, 0, len(doc)), doc...) }

func (p *pages) replace(id uint64, doc bson.Raw) {
	at, i := p.pages[id/pageSize], id%pageSize
	p.bytes += int64(len(doc)) - int64(len(at.docs[i]))
	at.let(i)
	at.docs[i] = alone(doc)
}

// get returns a document, or nil.
func (p *pages) get(id uint64) bson.Raw {
	if at := id / pageSize; at < uint64(len(p.pages)) && p.pages[at] != nil {
		return p.pages[at].docs[id%pageSize]
	}
	return nil
}

// each calls visit for the ids of the documents, in order, until visit returns false.
func (p *pages) each(visit func(id uint64) bool) {
	for id := range p.next {
		if p.get(id) != nil && !visit(id) {
			return
		}
	}
}

func (p *pages) remove(id uint64) {
	doc := p.get(id)
	if doc == nil {
		return
	}
	n := id / pageSize
	at := p.pages[n]
	at.let(id % pageSize)
	at.docs[id%pageSize] = nil
	if at.live--; at.live == 0 && p.next/pageSize > n {
		p.pages[n] = nil
	}
	p.count--
	p.bytes -= int64(len(doc))
}

// let notes that a document is no longer wanted where it stands.
func (p *page) let(i uint64) {
	if !p.packed[i] {
		return
	}
	p.packed[i] = false
	p.wanted -= len(p.docs[i])
	if p.wanted < p.added/8 {
		p.unpack()
	}
}

// unpack has all documents of the page stand alone.
func (p *page) unpack() {
	for i, packed := range p.packed {
		if packed {
			p.docs[i], p.packed[i] = alone(p.docs[i]), false
		}
	}
	p.added, p.wanted = 0, 0
}
