package execute

import (
	"sync"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// Watches are those who look for a document of a collection beside its writers, and
// have to know what these add or change meanwhile. The zero value has none.
type Watches struct {
	mu   sync.Mutex
	list map[*Watch]bool
}

// Watch notes which documents of a collection are added or changed.
type Watch struct {
	of  *Watches
	ids *roaring64.Bitmap
}

// begin begins a watch, which must be ended. It is called within a step: what was
// changed before, who reads after the step sees.
func (w *Watches) begin() *Watch {
	watch := &Watch{w, roaring64.New()}
	if w == nil {
		return watch
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list == nil {
		w.list = map[*Watch]bool{}
	}
	w.list[watch] = true
	return watch
}

// Note notes that a document is added or changed. It is called within the step that
// does so.
func (w *Watches) Note(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for watch := range w.list {
		watch.ids.Add(uint64(id))
	}
}

// take returns the documents that were noted since it was called last. It is called
// within a step: what was changed before, who reads after the step sees.
func (w *Watch) take() *roaring64.Bitmap {
	ids := w.ids
	w.ids = roaring64.New()
	return ids
}

// end ends the watch, if there is one.
func (w *Watch) end() {
	if w == nil || w.of == nil {
		return
	}
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	delete(w.of.list, w)
}
