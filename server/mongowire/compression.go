package mongowire

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// compressors are the ways to compress that are understood, by their names in hello.
var compressors = map[string]wiremessage.CompressorID{
	"snappy": wiremessage.CompressorSnappy,
	"zstd":   wiremessage.CompressorZstd,
	"zlib":   wiremessage.CompressorZLib,
}

// decompress returns the kind and the body of the message that the body of an
// OP_COMPRESSED has.
func (f *frame) decompress(body []byte, most int) (opcode wiremessage.OpCode, plain []byte, err error) {
	opcode, body, hasCode := wiremessage.ReadCompressedOriginalOpCode(body)
	size, body, hasSize := wiremessage.ReadCompressedUncompressedSize(body)
	id, packed, hasID := wiremessage.ReadCompressedCompressorID(body)
	switch {
	case !hasCode || !hasSize || !hasID:
		return 0, nil, malformed("its compression is cut off")
	case size < 0 || int(size) > most-headerSize:
		return 0, nil, malformed("decompressed it has %d bytes, of %d", size, most-headerSize)
	}
	f.compressor = id
	if plain, err = unpack(id, packed, int(size)); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if len(plain) != int(size) {
		return 0, nil, malformed("decompressed it has %d bytes, and not %d", len(plain), size)
	}
	return opcode, plain, nil
}

// snappyRatio is how much larger a snappy block's text can be than the block, at the
// most: a copy of 64 bytes takes two or more.
const snappyRatio = 32

// unpack decompresses a text of so many bytes. Room is made as they come, whatever
// the size says. (The driver's own DecompressPayload makes it before.)
func unpack(id wiremessage.CompressorID, packed []byte, size int) ([]byte, error) {
	switch id {
	case wiremessage.CompressorNoOp:
		return packed, nil
	case wiremessage.CompressorSnappy:
		n, err := snappy.DecodedLen(packed)
		if err != nil || n != size || n > snappyRatio*len(packed) {
			return nil, malformed("snappy says %d bytes: %v", n, err)
		}
		return snappy.Decode(nil, packed)
	case wiremessage.CompressorZLib:
		r, err := zlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return readUpTo(r, size)
	case wiremessage.CompressorZstd:
		r, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return readUpTo(r, size)
	}
	return nil, malformed("its compressor is %d", id)
}

// maxWindow is how far zstd may look back: what drivers have, and more would be room
// that is asked for by a header.
const maxWindow = 8 << 20

// readUpTo reads a text of so many bytes, and one more if there is one.
func readUpTo(r io.Reader, size int) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, int64(size)+1))
}
