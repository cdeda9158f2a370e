package mongowire

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"github.com/taskdb/taskdb/server/peers"
)

// room is what a connection has a share of with others of its peer: turns, and bytes for
// what is large, its message and the reply to it. They are taken in one order, messages,
// replies, turns, beyond, so that of those who wait for one another one goes on.
type room struct {
	turns             *peers.Share
	messages, replies *peers.Share
	beyond            *peers.Share // for what a reply has beyond a batch
	timeout, maxTime  time.Duration
	// reply is what is taken of replies, and rest what is taken of beyond.
	reply, rest int64
}

// roomOf returns the room of a connection with a peer.
func (s *Server) roomOf(peer peers.Peer) room {
	return room{
		turns: s.turns.Share(peer), messages: s.room.Share(peer), replies: s.replies.Share(peer), beyond: s.beyond.Share(peer),
		timeout: s.options.IdleTimeout, maxTime: s.options.MaxTime,
	}
}

func (r *room) leave() {
	r.turns.Leave()
	r.messages.Leave()
	r.replies.Leave()
	r.beyond.Leave()
}

// take waits until there is room for a message beside the large ones that other
// connections have. Small ones need not wait, and one that is larger than its peer's share,
// as with what it is decompressed to, takes all of it.
func (r *room) take(ctx context.Context, bytes int) error {
	if bytes <= roomAtOnce {
		return nil
	}
	if err := r.messages.Take(ctx, r.ofMessage(bytes), r.timeout); err != nil {
		return fmt.Errorf("no room for a message: %w", err)
	}
	return nil
}

// give gives back what take took.
func (r *room) give(bytes int) {
	if bytes > roomAtOnce {
		r.messages.Give(r.ofMessage(bytes))
	}
}

// ofMessage is how much a large message takes.
func (r *room) ofMessage(bytes int) int64 { return min(int64(bytes), r.messages.Most()) }

// takeTurn waits until there are fewer commands than may be carried out at once.
func (r *room) takeTurn(ctx context.Context) error {
	if err := r.turns.Take(ctx, 1, r.maxTime); err != nil {
		return fmt.Errorf("too many commands at once: %w", err)
	}
	return nil
}

func (r *room) endTurn() { r.turns.Give(1) }

// takeReply waits until there is room for a reply that may have as much as a batch: who
// takes its replies slowly has others of its own wait, and nobody else.
func (r *room) takeReply(ctx context.Context) error {
	if err := r.replies.Take(ctx, maxBatch, r.maxTime); err != nil {
		return fmt.Errorf("no room for a reply: %w", err)
	}
	r.reply = maxBatch
	return nil
}

// fitReply has the room for a reply be as large as that is: larger, for a document that
// is more than a batch. One that is larger than its peer's share takes all of it.
func (r *room) fitReply(ctx context.Context, bytes int) error {
	if bytes <= roomAtOnce {
		bytes = 0
	}
	if spare := r.reply - int64(bytes); spare >= 0 {
		r.replies.Give(spare)
		r.reply -= spare
		return nil
	}
	rest := min(int64(bytes)-r.reply, r.beyond.Most())
	if err := r.beyond.Take(ctx, rest, r.timeout); err != nil {
		return fmt.Errorf("no room for a reply: %w", err)
	}
	r.rest = rest
	return nil
}

// replied gives back the room of a reply.
func (r *room) replied() {
	r.replies.Give(r.reply)
	r.beyond.Give(r.rest)
	r.reply, r.rest = 0, 0
}

// replyRoom is how many bytes large replies may have at once, each up to a batch: one of
// each peer's fits.
func (o Options) replyRoom() int64 { return max(o.MaxRoom/2, 4*maxBatch) }

// unpackedSize is how many bytes the message that comes says that it has when it is
// decompressed, or 0 if it is not, or says what parseFrame will refuse.
func (c *conn) unpackedSize(length, most int) (int, error) {
	const at = headerSize + 4 // behind the kind
	if length < at+4 {
		return 0, nil
	}
	head, err := c.reader.Peek(at + 4)
	if err != nil || binary.LittleEndian.Uint32(head[headerSize-4:]) != uint32(wiremessage.OpCompressed) {
		return 0, err
	}
	size := int(int32(binary.LittleEndian.Uint32(head[at:])))
	if size < 0 || size > most {
		return 0, nil
	}
	return size, nil
}
