package hub

import (
	"container/list"
	"sync"
)

// lines are those who wait for a task, a line for each queue. Who is told that there is
// one looks by himself, and tells the next if there may be another, or one that is not
// for him: a task has one of a thousand look, and not all.
type lines struct {
	mu     sync.Mutex
	queues map[string]*line
}

// line is a queue's. At its front are those who were told the longest ago.
type line struct {
	news    uint64 // how often there was something to tell
	waiting list.List
}

// place is somebody's in a line.
type place struct {
	told  uint64 // of how much of the news
	notes chan struct{}
}

// join returns a channel that gets a notice when there may be a task of some queues, until
// leave is called. Who joins looks at once.
func (l *lines) join(queues []string) (notes <-chan struct{}, leave func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queues == nil {
		l.queues = map[string]*line{}
	}
	channel := make(chan struct{}, 1)
	places := map[string]*list.Element{}
	for _, queue := range queues {
		if places[queue] == nil {
			of := l.queues[queue]
			if of == nil {
				of = new(line)
				l.queues[queue] = of
			}
			places[queue] = of.waiting.PushBack(&place{of.news, channel})
		}
	}
	return channel, func() { l.leave(places, channel) }
}

// leave takes somebody out of his lines. The next hears of what he was told and did not
// look for.
func (l *lines) leave(places map[string]*list.Element, channel chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for queue, place := range places {
		of := l.queues[queue]
		of.waiting.Remove(place)
		if len(channel) > 0 {
			of.tellNext()
		}
		if of.waiting.Len() == 0 {
			delete(l.queues, queue)
		}
	}
}

// tell says that there may be a task of a queue.
func (l *lines) tell(queue string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if of := l.queues[queue]; of != nil {
		of.news++
		of.tellNext()
	}
}

// tellEach says that there may be a task of any queue.
func (l *lines) tellEach() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.queues {
		of.news++
		of.tellNext()
	}
}

// tellAll has everybody look.
func (l *lines) tellAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.queues {
		of.news++
		for of.tellNext() {
		}
	}
}

// next tells the next of some queues' lines, if they have not heard of all that is new.
func (l *lines) next(queues []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, queue := range queues {
		if of := l.queues[queue]; of != nil {
			of.tellNext()
		}
	}
}

// tellNext tells the one who was told the longest ago, if he was not told all that is
// new.
func (l *line) tellNext() bool {
	first := l.waiting.Front()
	if first == nil {
		return false
	}
	at := first.Value.(*place)
	if at.told == l.news {
		return false
	}
	at.told = l.news
	l.waiting.MoveToBack(first)
	notify(at.notes)
	return true
}
