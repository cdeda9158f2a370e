package sqlite

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// placed is a file that a store has open, and where it was then. SQLite goes on with
// such a file when it was moved or removed: what is written to it is lost.
//
// Who looks at a file has the next write to it note the time, and the next flush that: a
// commit then takes up to a third longer. So the writer looks now and then.
type placed struct {
	path string
	info os.FileInfo
}

// place notes where the files are that must stay.
func (s *Store) place(paths ...string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		s.placed = append(s.placed, placed{path, info})
	}
	return nil
}

var errMoved = errors.New("a file of the store was moved or removed while it was open")

// inPlace fails if one of the files is not there any more, or is another one.
func (s *Store) inPlace() error {
	for _, file := range s.placed {
		switch now, err := os.Stat(file.path); {
		case err != nil:
			return fmt.Errorf("%w: %w", errMoved, err)
		case !os.SameFile(file.info, now):
			return fmt.Errorf("%w: %s is another file", errMoved, file.path)
		}
	}
	return nil
}

// placeLook is how often the writer looks whether the files are in place: so long it may
// write to one that is not.
const placeLook = 10 * time.Millisecond

// inPlace is Store.inPlace, now and then, and as long as they are not.
func (w *writer) inPlace() error {
	now := time.Now()
	if now.Sub(w.placeSeen) < placeLook {
		return nil
	}
	err := w.store.inPlace()
	if err == nil {
		w.placeSeen = now
	}
	return err
}
