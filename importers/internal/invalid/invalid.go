// Package invalid finds what a text cannot have.
package invalid

import "unicode/utf8"

// UTF8 returns the place of the first byte of a text that is not UTF-8, or -1.
func UTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
}
