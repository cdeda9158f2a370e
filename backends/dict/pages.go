package dict

import "go.mongodb.org/mongo-driver/v2/bson"

const (
	pageSize  = 1024    // documents
	chunkSize = 1 << 20 // bytes; larger documents stand alone
)

// pages hold documents by their ids, which count up from 1 and are never used
// again. The bytes of small documents stand together in chunks: an allocation
// for each would waste a tenth. A document's bytes are never changed, so that
// whoever got it may read it without the store's lock.
type pages struct {
	pages [][]bson.Raw // a removed document is nil; a page without any is nil
	live  []int        // of each page
	next  uint64
	chunk []byte
	count int64
	bytes int64
}

// nextID is the id that the next document will have.
func (p *pages) nextID() uint64 { return max(p.next, 1) }

// empty tells whether there never was a document.
func (p *pages) empty() bool { return p.next == 0 }

func (p *pages) add(doc bson.Raw) {
	id := p.nextID()
	p.next = id + 1
	for uint64(len(p.pages)) <= id/pageSize {
		p.pages = append(p.pages, make([]bson.Raw, pageSize))
		p.live = append(p.live, 0)
	}
	p.pages[id/pageSize][id%pageSize] = p.store(doc)
	p.live[id/pageSize]++
	p.count++
	p.bytes += int64(len(doc))
}

func (p *pages) replace(id uint64, doc bson.Raw) {
	old := p.get(id)
	p.pages[id/pageSize][id%pageSize] = p.store(doc)
	p.bytes += int64(len(doc)) - int64(len(old))
}

// store copies a document to where it stays.
func (p *pages) store(doc bson.Raw) bson.Raw {
	if len(doc) > chunkSize/16 {
		return append(make(bson.Raw, 0, len(doc)), doc...)
	}
	if cap(p.chunk)-len(p.chunk) < len(doc) {
		p.chunk = make([]byte, 0, chunkSize)
	}
	start := len(p.chunk)
	p.chunk = append(p.chunk, doc...)
	return bson.Raw(p.chunk[start:len(p.chunk):len(p.chunk)])
}

// get returns a document, or nil.
func (p *pages) get(id uint64) bson.Raw {
	if page := id / pageSize; page < uint64(len(p.pages)) && p.pages[page] != nil {
		return p.pages[page][id%pageSize]
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
	page := id / pageSize
	p.pages[page][id%pageSize] = nil
	if p.live[page]--; p.live[page] == 0 && p.next/pageSize > page {
		p.pages[page] = nil
	}
	p.count--
	p.bytes -= int64(len(doc))
}
