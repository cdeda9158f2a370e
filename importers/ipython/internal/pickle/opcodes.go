package pickle

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

type opcode struct {
	name string
	do   func(*machine) error
}

// opcodes holds every opcode that a list of byte strings needs, by the
// protocol that brought it.
var opcodes = map[byte]opcode{
	// Protocol 0.
	'(': {"MARK", func(m *machine) error { return m.push(mark{}) }},
	'.': {"STOP", func(m *machine) error { m.stopped = true; return nil }},
	'S': {"STRING", (*machine).quotedString},
	'V': {"UNICODE", (*machine).escapedText},
	'l': {"LIST", (*machine).listOfMarked},
	'a': {"APPEND", (*machine).appendOne},
	't': {"TUPLE", (*machine).tupleOfMarked},
	'p': {"PUT", func(m *machine) error { return m.put(m.decimal()) }},
	'g': {"GET", func(m *machine) error { return m.get(m.decimal()) }},
	'c': {"GLOBAL", (*machine).global},
	'R': {"REDUCE", (*machine).reduce},

	// Protocol 1.
	']': {"EMPTY_LIST", func(m *machine) error { return m.push(&list{}) }},
	')': {"EMPTY_TUPLE", func(m *machine) error { return m.push(tuple{}) }},
	'e': {"APPENDS", (*machine).appendMarked},
	'T': {"BINSTRING", binary4},
	'U': {"SHORT_BINSTRING", bytesOp(1)},
	'X': {"BINUNICODE", textOp(4)},
	'q': {"BINPUT", putOp(1)},
	'r': {"LONG_BINPUT", putOp(4)},
	'h': {"BINGET", getOp(1)},
	'j': {"LONG_BINGET", getOp(4)},

	// Protocol 2.
	0x80: {"PROTO", (*machine).protocol},
	0x85: {"TUPLE1", tupleOp(1)},
	0x86: {"TUPLE2", tupleOp(2)},
	0x87: {"TUPLE3", tupleOp(3)},

	// Protocol 3.
	'B': {"BINBYTES", bytesOp(4)},
	'C': {"SHORT_BINBYTES", bytesOp(1)},

	// Protocol 4.
	0x8c: {"SHORT_BINUNICODE", textOp(1)},
	0x8d: {"BINUNICODE8", textOp(8)},
	0x8e: {"BINBYTES8", bytesOp(8)},
	0x93: {"STACK_GLOBAL", (*machine).stackGlobal},
	0x94: {"MEMOIZE", func(m *machine) error { return m.put(uint64(len(m.memo)), nil) }},
	0x95: {"FRAME", (*machine).frame},

	// Protocol 5.
	0x96: {"BYTEARRAY8", bytesOp(8)},
}

// refused names opcodes that Python has and this package does not, for the
// error.
var refused = map[byte]string{
	'0': "POP", '1': "POP_MARK", '2': "DUP", 'N': "NONE", 'I': "INT", 'J': "BININT", 'K': "BININT1",
	'L': "LONG", 'M': "BININT2", 'F': "FLOAT", 'G': "BINFLOAT", 'P': "PERSID", 'Q': "BINPERSID",
	'b': "BUILD", 'd': "DICT", '}': "EMPTY_DICT", 's': "SETITEM", 'u': "SETITEMS", 'i': "INST", 'o': "OBJ",
	0x81: "NEWOBJ", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x88: "NEWTRUE", 0x89: "NEWFALSE",
	0x8a: "LONG1", 0x8b: "LONG4", 0x8f: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
	0x92: "NEWOBJ_EX", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
}

func bytesOp(width uint64) func(*machine) error {
	return func(m *machine) error {
		b, err := m.counted(width)
		if err != nil {
			return err
		}
		return m.push(b)
	}
}

// binary4 reads BINSTRING, the one opcode whose length is signed.
func binary4(m *machine) error {
	n, err := m.number(4)
	if err != nil {
		return err
	}
	if n > math.MaxInt32 {
		return fmt.Errorf("negative length %d", int32(n))
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	return m.push(b)
}

func textOp(width uint64) func(*machine) error {
	return func(m *machine) error {
		b, err := m.counted(width)
		if err != nil {
			return err
		}
		if err := m.spend(len(b)); err != nil {
			return err
		}
		return m.push(string(b))
	}
}

func putOp(width uint64) func(*machine) error {
	return func(m *machine) error { return m.put(m.number(width)) }
}

func getOp(width uint64) func(*machine) error {
	return func(m *machine) error { return m.get(m.number(width)) }
}

func tupleOp(n int) func(*machine) error {
	return func(m *machine) error {
		items, err := m.pop(n)
		if err != nil {
			return err
		}
		return m.push(items)
	}
}

func (m *machine) protocol() error {
	version, err := m.number(1)
	if err != nil {
		return err
	}
	if version > 5 {
		return fmt.Errorf("protocol %d: at most 5 is known", version)
	}
	return nil
}

// frame needs no more of a frame than that it is there: it is a hint for
// readers of streams.
func (m *machine) frame() error {
	n, err := m.number(8)
	if err != nil {
		return err
	}
	if left := len(m.data) - m.pos; n > uint64(left) {
		return fmt.Errorf("a frame of %d bytes, %d left: %w", n, left, ErrShort)
	}
	return nil
}

func (m *machine) decimal() (uint64, error) {
	line, err := m.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(line), 10, 64)
}

func (m *machine) put(key uint64, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	if _, ok := v.(mark); ok {
		return errors.New("a mark cannot be memoized")
	}
	if len(m.memo) >= maxValues {
		return fmt.Errorf("more than %d values in the memo: %w", maxValues, ErrTooBig)
	}
	m.memo[key] = v
	return nil
}

func (m *machine) get(key uint64, err error) error {
	if err != nil {
		return err
	}
	v, ok := m.memo[key]
	if !ok {
		return fmt.Errorf("nothing memoized as %d", key)
	}
	return m.push(v)
}

func (m *machine) listOfMarked() error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.push(&list{items: items})
}

func (m *machine) tupleOfMarked() error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.push(items)
}

func (m *machine) appendOne() error {
	items, err := m.pop(1)
	if err != nil {
		return err
	}
	return m.extend(items)
}

func (m *machine) appendMarked() error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.extend(items)
}

// extend appends items to the list on the top of the stack.
func (m *machine) extend(items tuple) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	l, ok := v.(*list)
	if !ok {
		return fmt.Errorf("appends to %s", describe(v))
	}
	l.items = append(l.items, items...)
	return nil
}
