package shelljson

import (
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// token is one word of the text. At the end of the text its kind is endOfText.
type token struct {
	kind   js.TokenType
	text   string
	offset int // in bytes
}

// endOfText is the kind of the token behind the last one.
const endOfText = js.ErrorToken

func (t token) describe() string {
	if t.kind == endOfText {
		return "the end of the text"
	}
	return abbreviate(t.text)
}

// scanner cuts a text into JavaScript's tokens, without space and comments.
type scanner struct {
	text  string
	input *parse.Input
	lexer *js.Lexer
}

// newScanner refuses texts that the lexer is not made for: it takes for granted that UTF-8 is
// valid, and ends its input with a NUL byte.
func newScanner(text string) (*scanner, error) {
	if len(text) > maxSize {
		return nil, problemf("", "a text of %d bytes is longer than %d MiB", len(text), maxSize>>20).at(text, 0)
	}
	if at := invalidUTF8(text); at >= 0 {
		return nil, problemf("save the text as UTF-8", "invalid UTF-8").at(text, at)
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, problemf(`inside a string write \u0000`, "a NUL byte in the text").at(text, at)
	}
	input := parse.NewInputString(text)
	return &scanner{text: text, input: input, lexer: js.NewLexer(input)}, nil
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	for at, r := range text {
		if _, size := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && size == 1 {
			return at
		}
	}
	return -1
}

func (s *scanner) next() (token, error) {
	for {
		offset := s.input.Offset()
		kind, data := s.lexer.Next()
		switch kind {
		case js.WhitespaceToken, js.LineTerminatorToken, js.CommentToken, js.CommentLineTerminatorToken:
			continue
		case js.ErrorToken:
			return s.end(offset)
		}
		return token{kind, s.text[offset : offset+len(data)], offset}, nil
	}
}

// regex reads on from a slash as a regular expression: only the parser knows where a slash is one.
func (s *scanner) regex(slash token) (token, error) {
	_, data := s.lexer.RegExp()
	if data == nil {
		return token{}, problemf("end it with /", "the regular expression is not closed").at(s.text, slash.offset)
	}
	return token{js.RegExpToken, s.text[slash.offset : slash.offset+len(data)], slash.offset}, nil
}

// end tells the end of the text from a word that is none.
func (s *scanner) end(offset int) (token, error) {
	err := s.lexer.Err()
	if errors.Is(err, io.EOF) {
		return token{kind: endOfText, offset: offset}, nil
	}
	switch rest := s.text[offset:]; {
	case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, `'`):
		return token{}, problemf("end it with "+rest[:1]+" on the same line", "the string is not closed").at(s.text, offset)
	case strings.HasPrefix(rest, "/*"):
		return token{}, problemf("end it with */", "the comment is not closed").at(s.text, offset)
	}
	message := err.Error()
	if lexical := (*parse.Error)(nil); errors.As(err, &lexical) {
		message = lexical.Message
	}
	return token{}, problemf("", "%s", message).at(s.text, offset)
}

// abbreviate keeps what is quoted from the text in a message short.
func abbreviate(text string) string {
	const longest = 40
	runes := []rune(text[:min(len(text), longest*utf8.UTFMax)])
	if len(runes) <= longest {
		return text
	}
	return string(runes[:longest]) + "…"
}
