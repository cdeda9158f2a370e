package hub

import (
	"context"
	"sync"
	"time"
)

// notices tell those who wait in this process that something happened to what
// they named. A notice says no more than that: who gets one looks by himself.
type notices struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]struct{}
}

// subscribe returns a channel that gets a notice for what is published about names
// from now on, until cancel is called. Notices that nobody took yet are one.
func (n *notices) subscribe(names []string) (news <-chan struct{}, cancel func()) {
	channel := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = map[string]map[chan struct{}]struct{}{}
	}
	for _, name := range names {
		if n.waiting[name] == nil {
			n.waiting[name] = map[chan struct{}]struct{}{}
		}
		n.waiting[name][channel] = struct{}{}
	}
	return channel, func() { n.unsubscribe(names, channel) }
}

func (n *notices) unsubscribe(names []string, channel chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range names {
		delete(n.waiting[name], channel)
		if len(n.waiting[name]) == 0 {
			delete(n.waiting, name)
		}
	}
}

func (n *notices) publish(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for channel := range n.waiting[name] {
		notify(channel)
	}
}

// publishAll gives everybody a notice.
func (n *notices) publishAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, channels := range n.waiting {
		for channel := range channels {
			notify(channel)
		}
	}
}

func notify(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default: // there is a notice that nobody took yet
	}
}

// await calls try until it is done or fails, or a time has passed: at once, after
// each notice, and now and then for what other processes write.
func (h *Hub) await(ctx context.Context, atMost time.Duration, news <-chan struct{}, try func() (done bool, err error)) error {
	done, err := try()
	if done || err != nil || atMost <= 0 {
		return err
	}
	end, poll := time.NewTimer(atMost), time.NewTicker(h.options.Poll)
	defer end.Stop()
	defer poll.Stop()
	for !done && err == nil {
		select {
		case <-news:
		case <-poll.C:
		case <-end.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		done, err = try()
	}
	return err
}
