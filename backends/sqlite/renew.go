package sqlite

// maxForgotten is of how many tables and indexes that are gone connections may keep
// statements.
const maxForgotten = 100

// renew opens other connections once many tables and indexes are gone. A connection
// keeps the statements that it has prepared, for each table its own: where collections
// come and go they would be ever more. If it cannot, the old ones go on.
func (w *writer) renew() {
	if w.forgotten < maxForgotten || w.store.inPlace() != nil {
		return
	}
	w.forgotten = 0
	conn, err := openWriting(w.store.path, w.durability)
	if err != nil {
		return
	}
	_ = w.conn.Close() // nothing is left to be written by it
	w.conn = conn
	w.store.readers.renew()
}

// renew closes the connections of now, those in use when they are put back.
func (p *pool) renew() {
	p.mu.Lock()
	old := p.idle
	p.idle = nil
	p.age++
	p.mu.Unlock()
	for _, r := range old {
		_ = r.conn.Close() // it has only read
	}
}
