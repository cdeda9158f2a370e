package mongowire

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// takeRoom waits until there is room for a message beside the large ones that other
// connections have. Small ones need not wait.
func (c *conn) takeRoom(ctx context.Context, bytes int) error {
	if bytes <= roomAtOnce {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.server.options.IdleTimeout)
	defer cancel()
	if err := c.server.room.Acquire(ctx, int64(bytes)); err != nil {
		return fmt.Errorf("no room for a message of %d bytes beside others: %w", bytes, err)
	}
	return nil
}

// giveRoom gives back what takeRoom took.
func (c *conn) giveRoom(bytes int) {
	if bytes > roomAtOnce {
		c.server.room.Release(int64(bytes))
	}
}

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
