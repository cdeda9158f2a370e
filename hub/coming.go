package hub

import "sync"

// coming are the tasks that submissions which are under way come after. One of these may
// have seen that such a task is not finished, and nobody can see yet who comes after it.
type coming struct {
	mu    sync.Mutex
	times map[string]int // by msg_id
}

// begin notes what a submission comes after, before it looks at that, until end is called:
// when it is stored, or has failed.
func (c *coming) begin(msgIDs []string) (end func()) {
	c.add(msgIDs, 1)
	return func() { c.add(msgIDs, -1) }
}

func (c *coming) add(msgIDs []string, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == nil {
		c.times = map[string]int{}
	}
	for _, msgID := range msgIDs {
		if c.times[msgID] += times; c.times[msgID] == 0 {
			delete(c.times, msgID)
		}
	}
}

// after tells whether a submission that is under way comes after a task.
func (c *coming) after(msgID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times[msgID] > 0
}
