// Package pickle reads the one thing that IPython's task database pickles: a
// list of byte strings. It knows the opcodes of protocols 0 to 5 that Python 2
// and Python 3 write for such a list, and no others: it imports nothing, calls
// nothing and builds no object, so that a pickle that asks for more is refused
// and not obeyed.
//
// The opcodes are those that Python's pickletools documents.
package pickle

import (
	"errors"
	"fmt"
)

// An Error says why a pickle was refused, and where.
type Error struct {
	// Offset is the place of the opcode in the pickle.
	Offset int
	// Op is the opcode's name in Python's pickletools, or its value in
	// hexadecimal if it has none here.
	Op string
	// Err is the reason.
	Err error
}

// Error returns the opcode, its offset and the reason.
func (e *Error) Error() string {
	return fmt.Sprintf("pickle: %s at offset %d: %v", e.Op, e.Offset, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// The reasons that callers and tests tell apart.
var (
	// ErrRefused marks an opcode, an import or a call that a list of byte
	// strings does not need.
	ErrRefused = errors.New("not part of a list of byte strings")
	// ErrShort marks a pickle that ends too early.
	ErrShort = errors.New("the pickle ends within it")
	// ErrTooBig marks a pickle that unfolds to more than its length justifies.
	ErrTooBig = errors.New("the pickle unfolds to too much")
)

const (
	// maxValues bounds the values a pickle makes, and so the stack and the
	// memo: a list of a hundred thousand buffers stays below it in any
	// protocol.
	maxValues = 1 << 20
	// maxExtra bounds the bytes that are made beyond what a pickle of that
	// length needs. Only a buffer that is in the list more than once asks for
	// them.
	maxExtra = 256 << 20
	// textForms is how many bytes a byte of the pickle may need: as text it
	// becomes up to two of UTF-8, then one of a byte string, then comes out.
	textForms = 4
)

// Buffers returns the byte strings of a pickled list or tuple. They may share
// memory with data and with each other: the caller must not change them.
//
// The time it takes is proportional to the length of data; the memory is too,
// with a fixed allowance for buffers that occur more than once.
func Buffers(data []byte) ([][]byte, error) {
	m := &machine{data: data, memo: map[uint64]any{}, budget: textForms*len(data) + maxExtra}
	for !m.stopped {
		if err := m.step(); err != nil {
			return nil, &Error{Offset: m.start, Op: m.opName(), Err: err}
		}
	}
	buffers, err := m.result()
	if err != nil {
		return nil, &Error{Offset: m.start, Op: "STOP", Err: err}
	}
	return buffers, nil
}

// result takes what STOP found on the stack for a list of byte strings.
func (m *machine) result() ([][]byte, error) {
	if m.pos != len(m.data) {
		return nil, fmt.Errorf("%d bytes follow it", len(m.data)-m.pos)
	}
	if len(m.stack) != 1 {
		return nil, fmt.Errorf("%d values are left where one should be", len(m.stack))
	}
	items, err := sequence(m.stack[0])
	if err != nil {
		return nil, err
	}
	buffers := make([][]byte, len(items))
	for i, item := range items {
		b, ok := item.([]byte)
		if !ok {
			return nil, fmt.Errorf("item %d is %s: %w", i, describe(item), ErrRefused)
		}
		if err := m.spend(len(b)); err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		buffers[i] = b
	}
	return buffers, nil
}

func sequence(v any) ([]any, error) {
	switch v := v.(type) {
	case *list:
		return v.items, nil
	case tuple:
		return v, nil
	}
	return nil, fmt.Errorf("the value is %s: %w", describe(v), ErrRefused)
}
