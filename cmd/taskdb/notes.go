package main

// shownNotes is how many notes about one file are shown.
const shownNotes = 10

// notes shows the first few notes and counts the others.
type notes struct {
	p     *program
	count int
}

func (n *notes) add(format string, args ...any) {
	if n.count++; n.count <= shownNotes {
		n.p.note("taskdb", format, args...)
	}
}

func (n *notes) end() {
	if n.count > shownNotes {
		n.p.note("taskdb", "and warnings of this kind that are not shown: %d", n.count-shownNotes)
	}
}
