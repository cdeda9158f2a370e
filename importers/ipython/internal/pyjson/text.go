package pyjson

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes are JSON's one-character escapes.
var escapes = map[byte]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// text reads the string that is next.
func (p *parser) text() (string, error) {
	p.pos++ // the quote
	var out strings.Builder
	for start := p.pos; p.pos < len(p.data); {
		switch c := p.data[p.pos]; {
		case c == '"':
			out.Write(p.data[start:p.pos])
			p.pos++
			return out.String(), nil
		case c == '\\':
			out.Write(p.data[start:p.pos])
			p.pos++
			if err := p.escape(&out); err != nil {
				return "", err
			}
			start = p.pos
		case c < ' ':
			return "", fmt.Errorf("control character 0x%02x in a string", c)
		default:
			p.pos++
		}
	}
	return "", errors.New("no quote ends the string")
}

// escape reads what follows a backslash.
func (p *parser) escape(out *strings.Builder) error {
	if p.next('u') {
		return p.unicode(out)
	}
	if p.pos == len(p.data) {
		return errors.New("a backslash ends the text")
	}
	c, ok := escapes[p.data[p.pos]]
	if !ok {
		return fmt.Errorf("unknown escape %q", p.data[p.pos])
	}
	out.WriteByte(c)
	p.pos++
	return nil
}

// unicode reads the digits of a \u escape, and the second escape of a pair of
// surrogates.
func (p *parser) unicode(out *strings.Builder) error {
	r, err := p.hex()
	if err != nil {
		return err
	}
	if !utf16.IsSurrogate(r) {
		out.WriteRune(r)
		return nil
	}
	after := p.pos
	if p.next('\\') && p.next('u') {
		low, err := p.hex()
		if err != nil {
			return err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			out.WriteRune(pair)
			return nil
		}
	}
	p.pos = after
	p.note("lone surrogate \\u%04x: it became U+FFFD", r)
	out.WriteRune(utf8.RuneError)
	return nil
}

func (p *parser) hex() (rune, error) {
	if len(p.data)-p.pos < 4 {
		return 0, errors.New("a \\u escape has four hexadecimal digits")
	}
	v, err := strconv.ParseUint(string(p.data[p.pos:p.pos+4]), 16, 16)
	if err != nil {
		return 0, fmt.Errorf("a \\u escape has four hexadecimal digits: %w", err)
	}
	p.pos += 4
	return rune(v), nil
}
