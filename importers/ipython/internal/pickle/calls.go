package pickle

import "fmt"

// Python has no opcode for bytes before protocol 3 and for bytearray before
// protocol 5, and writes a call instead. These are the three callables it
// names; their effect is built in here, and nothing else is ever called.
const (
	encode    callee = "_codecs encode"
	newBytes  callee = "builtins bytes"
	bytearray callee = "builtins bytearray"
)

// callees maps what GLOBAL and STACK_GLOBAL may name to what it is: Python 3
// writes Python 2's module names into protocols 0 to 2.
var callees = map[string]callee{
	"_codecs encode":        encode,
	"builtins bytes":        newBytes,
	"__builtin__ bytes":     newBytes,
	"builtins bytearray":    bytearray,
	"__builtin__ bytearray": bytearray,
}

func (m *machine) global() error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.pushCallee(string(module), string(name))
}

func (m *machine) stackGlobal() error {
	names, err := m.pop(2)
	if err != nil {
		return err
	}
	module, ok1 := names[0].(string)
	name, ok2 := names[1].(string)
	if !ok1 || !ok2 {
		return fmt.Errorf("module and name are %s and %s", describe(names[0]), describe(names[1]))
	}
	return m.pushCallee(module, name)
}

func (m *machine) pushCallee(module, name string) error {
	f, ok := callees[module+" "+name]
	if !ok {
		return fmt.Errorf("%.80q of %.80q: %w", name, module, ErrRefused)
	}
	return m.push(f)
}

func (m *machine) reduce() error {
	call, err := m.pop(2)
	if err != nil {
		return err
	}
	f, ok := call[0].(callee)
	if !ok {
		return fmt.Errorf("calls %s: %w", describe(call[0]), ErrRefused)
	}
	args, ok := call[1].(tuple)
	if !ok {
		return fmt.Errorf("calls %s with %s: %w", f, describe(call[1]), ErrRefused)
	}
	b, err := m.bytesFrom(f, args)
	if err != nil {
		return fmt.Errorf("calls %s: %w", f, err)
	}
	return m.push(b)
}

// bytesFrom is the byte string that a call makes: of nothing, of a byte string
// (bytearray), or of a text in Latin-1, each of whose characters is a byte.
func (m *machine) bytesFrom(f callee, args tuple) ([]byte, error) {
	switch len(args) {
	case 0:
		if f != encode {
			return []byte{}, nil
		}
	case 1:
		if b, ok := args[0].([]byte); ok && f == bytearray {
			return b, nil
		}
	case 2:
		text, ok := args[0].(string)
		if ok && f != newBytes && (args[1] == "latin1" || args[1] == "latin-1") {
			return m.latin1(text)
		}
	}
	return nil, fmt.Errorf("with arguments that are not a byte string's: %w", ErrRefused)
}

func (m *machine) latin1(text string) ([]byte, error) {
	if err := m.spend(len(text)); err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(text))
	for i, r := range text {
		if r > 0xff {
			return nil, fmt.Errorf("character %q at byte %d of the text is not Latin-1", r, i)
		}
		b = append(b, byte(r))
	}
	return b, nil
}
