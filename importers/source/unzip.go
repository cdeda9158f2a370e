package source

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
)

// HeadBytes is how many bytes can be peeked at in what Unzipped returns.
const HeadBytes = 4096

// Unzipped returns what in reads or, if that is compressed with gzip, what it is
// uncompressed.
func Unzipped(in io.Reader) (*bufio.Reader, error) {
	plain := bufio.NewReaderSize(in, HeadBytes)
	if magic, _ := plain.Peek(2); string(magic) != "\x1f\x8b" {
		return plain, nil
	}
	unzipped, err := gzip.NewReader(plain)
	if err != nil {
		return nil, fmt.Errorf("uncompress: %w", err)
	}
	return bufio.NewReaderSize(unzipped, HeadBytes), nil
}
