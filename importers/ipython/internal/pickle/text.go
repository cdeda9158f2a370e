package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// escapes are the one-character escapes that Python 2's repr writes.
var escapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'n': '\n', 'r': '\r', 't': '\t'}

// quotedString reads the argument of STRING: Python 2's repr of a str.
func (m *machine) quotedString() error {
	line, err := m.line()
	if err != nil {
		return err
	}
	if len(line) < 2 || line[0] != line[len(line)-1] || line[0] != '\'' && line[0] != '"' {
		return errors.New("its argument is not in quotes")
	}
	b, err := unquote(line[1 : len(line)-1])
	if err != nil {
		return err
	}
	if err := m.spend(len(b)); err != nil {
		return err
	}
	return m.push(b)
}

func unquote(s []byte) ([]byte, error) {
	out := make([]byte, 0, len(s))
	for {
		at := bytes.IndexByte(s, '\\')
		if at < 0 {
			return append(out, s...), nil
		}
		out = append(out, s[:at]...)
		s = s[at+1:]
		if len(s) == 0 {
			return nil, errors.New("a lone backslash ends its argument")
		}
		if c, ok := escapes[s[0]]; ok {
			out, s = append(out, c), s[1:]
			continue
		}
		if s[0] != 'x' {
			return nil, fmt.Errorf("escape \\%c is not one that repr writes", s[0])
		}
		c, err := hexDigits(s[1:], 2)
		if err != nil {
			return nil, err
		}
		out, s = append(out, byte(c)), s[3:]
	}
}

// escapedText reads the argument of UNICODE: Latin-1, with \u and \U for what
// is outside of it or would end the line.
func (m *machine) escapedText() error {
	line, err := m.line()
	if err != nil {
		return err
	}
	if err := m.spend(2 * len(line)); err != nil { // a Latin-1 byte is up to two in UTF-8
		return err
	}
	var text strings.Builder
	for len(line) > 0 {
		r, n, err := escapedRune(line)
		if err != nil {
			return err
		}
		text.WriteRune(r)
		line = line[n:]
	}
	return m.push(text.String())
}

// escapedRune returns the first character of s and the bytes it takes.
func escapedRune(s []byte) (r rune, n int, err error) {
	digits := 0
	if len(s) > 1 && s[0] == '\\' {
		switch s[1] {
		case 'u':
			digits = 4
		case 'U':
			digits = 8
		}
	}
	if digits == 0 {
		return rune(s[0]), 1, nil
	}
	r, err = hexDigits(s[2:], digits)
	return r, 2 + digits, err
}

func hexDigits(s []byte, n int) (rune, error) {
	if len(s) < n {
		return 0, fmt.Errorf("%d hexadecimal digits wanted, %d left: %w", n, len(s), ErrShort)
	}
	v, err := strconv.ParseUint(string(s[:n]), 16, 31)
	return rune(v), err
}
