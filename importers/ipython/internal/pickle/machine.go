package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The values a pickle can put on the stack, beside []byte for Python's byte
// strings (Python 2's str, bytes, bytearray) and string for its text.
type (
	list   struct{ items []any } // a pointer's target: memoized before it is filled
	tuple  []any
	mark   struct{}
	callee string // what GLOBAL names: module, a space, name
)

// describe names a value in Python's words.
func describe(v any) string {
	switch v := v.(type) {
	case []byte:
		return "a byte string"
	case string:
		return "a text"
	case *list:
		return "a list"
	case tuple:
		return "a tuple"
	case callee:
		return string(v)
	}
	return "a mark"
}

// machine is Python's pickle machine: a stack, a memo, and opcodes that work on
// both.
type machine struct {
	data    []byte
	start   int // of the opcode at work
	pos     int
	stack   []any
	memo    map[uint64]any
	values  int // made so far
	budget  int // bytes that may still be made
	stopped bool
}

func (m *machine) step() error {
	m.start = m.pos
	op, err := m.take(1)
	if err != nil {
		return err
	}
	run, ok := opcodes[op[0]]
	if !ok {
		return ErrRefused
	}
	return run.do(m)
}

func (m *machine) opName() string {
	if m.start >= len(m.data) {
		return "end of data"
	}
	op := m.data[m.start]
	if known, ok := opcodes[op]; ok {
		return known.name
	}
	if name, ok := refused[op]; ok {
		return name
	}
	return fmt.Sprintf("opcode 0x%02x", op)
}

// take returns the next n bytes, which a length in the pickle may only claim.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.pos) {
		return nil, fmt.Errorf("%d bytes wanted, %d left: %w", n, len(m.data)-m.pos, ErrShort)
	}
	b := m.data[m.pos : m.pos+int(n) : m.pos+int(n)]
	m.pos += int(n)
	return b, nil
}

// line returns the bytes before the next newline, the argument of the opcodes
// of protocol 0.
func (m *machine) line() ([]byte, error) {
	n := bytes.IndexByte(m.data[m.pos:], '\n')
	if n < 0 {
		return nil, fmt.Errorf("no newline ends its argument: %w", ErrShort)
	}
	b := m.data[m.pos : m.pos+n : m.pos+n]
	m.pos += n + 1
	return b, nil
}

// number returns a little-endian unsigned integer of the given width.
func (m *machine) number(width uint64) (uint64, error) {
	b, err := m.take(width)
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// counted returns as many bytes as the number of the given width before them
// says.
func (m *machine) counted(width uint64) ([]byte, error) {
	n, err := m.number(width)
	if err != nil {
		return nil, err
	}
	return m.take(n)
}

func (m *machine) push(v any) error {
	if m.values++; m.values > maxValues {
		return fmt.Errorf("more than %d values: %w", maxValues, ErrTooBig)
	}
	m.stack = append(m.stack, v)
	return nil
}

func (m *machine) top() (any, error) {
	if len(m.stack) == 0 {
		return nil, errors.New("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}

// pop removes the n topmost values and returns them, the lowest first.
func (m *machine) pop(n int) (tuple, error) {
	if len(m.stack) < n {
		return nil, fmt.Errorf("%d values wanted, %d on the stack", n, len(m.stack))
	}
	at := len(m.stack) - n
	values := append(tuple(nil), m.stack[at:]...)
	m.stack = m.stack[:at]
	return values, nil
}

// popMark removes the values above the topmost mark, and the mark.
func (m *machine) popMark() (tuple, error) {
	for at := len(m.stack) - 1; at >= 0; at-- {
		if _, ok := m.stack[at].(mark); ok {
			values, err := m.pop(len(m.stack) - at - 1)
			m.stack = m.stack[:at]
			return values, err
		}
	}
	return nil, errors.New("no mark on the stack")
}

// spend takes n bytes to be made from what the pickle's length allows.
func (m *machine) spend(n int) error {
	if n > m.budget {
		return fmt.Errorf("over %d bytes more than its length needs: %w", maxExtra, ErrTooBig)
	}
	m.budget -= n
	return nil
}
