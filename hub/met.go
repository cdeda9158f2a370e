package hub

import (
	"maps"
	"slices"
	"sync"
)

// met are tasks that ended ok while others came after them, which may not have dropped
// them yet. It is known of them should they be removed before: what a crash forgets of
// it the records still tell, unless they are.
type met struct {
	mu     sync.Mutex
	msgIDs map[string]bool
}

// maxMet is how many are known before what waits for them is looked at.
const maxMet = 10_000

// note adds tasks, and tells whether there are many.
func (m *met) note(msgIDs []string) (many bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.msgIDs == nil {
		m.msgIDs = map[string]bool{}
	}
	for _, msgID := range msgIDs {
		m.msgIDs[msgID] = true
	}
	return len(m.msgIDs) >= maxMet
}

func (m *met) has(msgID string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.msgIDs[msgID]
}

func (m *met) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.msgIDs))
}

// forget drops tasks that nobody waits for any more.
func (m *met) forget(msgIDs []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msgID := range msgIDs {
		delete(m.msgIDs, msgID)
	}
}
