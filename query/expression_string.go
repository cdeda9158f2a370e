package query

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func (v value) isString() bool { return v.kind == bson.TypeString }

// isText tells whether a value is a string or what is as good as one.
func (v value) isText() bool {
	return v.isString() || v.kind == bson.TypeSymbol || v.kind == bson.TypeJavaScript
}

// asText is a value where an operator takes anything that can be written as a
// string: what is missing is the empty one.
func (v value) asText() (string, error) {
	switch {
	case v.nullish():
		return "", nil
	case v.isText():
		return string(v.text()), nil
	case v.isNumber(), v.kind == bson.TypeDateTime, v.kind == bson.TypeTimestamp:
		return written(v), nil
	}
	return "", failure(16007, "can't convert from BSON type %s to String", TypeName(v.kind))
}

func concat(_ string, arguments []value) (value, error) {
	var text strings.Builder
	for _, v := range arguments {
		switch {
		case v.nullish():
			return null, nil
		case !v.isString():
			return value{}, failure(16702, "$concat only supports strings, not %s", TypeName(v.kind))
		}
		text.Write(v.text())
	}
	return stringValue(text.String()), nil
}

// ofText makes an operation on what can be written as a string.
func ofText(of func(text string) string) operation {
	return func(_ string, arguments []value) (value, error) {
		text, err := arguments[0].asText()
		return stringValue(of(text)), err
	}
}

// lowerCase and upperCase change the letters of ASCII only, as MongoDB does.
func lowerCase(text string) string { return mapASCII(text, 'A', 'Z') }
func upperCase(text string) string { return mapASCII(text, 'a', 'z') }

// mapASCII changes the case of the letters between two.
func mapASCII(text string, first, last byte) string {
	changed := []byte(text)
	for i, c := range changed {
		if c >= first && c <= last {
			changed[i] = c ^ 0x20
		}
	}
	return string(changed)
}

func compareFolded(_ string, arguments []value) (value, error) {
	a, err := arguments[0].asText()
	if err != nil {
		return value{}, err
	}
	b, err := arguments[1].asText()
	return int32Value(int32(cmp.Compare(upperCase(a), upperCase(b)))), err
}

// lengthOf makes $strLenCP and $strLenBytes.
func lengthOf(length func([]byte) int, code int) operation {
	return func(name string, arguments []value) (value, error) {
		v := arguments[0]
		if !v.isString() {
			return value{}, failure(code, "%s requires a string argument, found: %s", name, TypeName(v.kind))
		}
		return intValue(int64(length(v.text()))), nil
	}
}

func byteCount(text []byte) int { return len(text) }

// substringOfBytes is $substrBytes. A negative length is that of the rest.
func substringOfBytes(name string, arguments []value) (value, error) {
	text, err := arguments[0].asText()
	if err != nil {
		return value{}, err
	}
	start, ok := arguments[1].truncated()
	if !ok {
		return value{}, failure(16034, "%s: starting index must be a numeric type (is BSON type %s)", name, TypeName(arguments[1].kind))
	}
	length, ok := arguments[2].truncated()
	switch {
	case !ok:
		return value{}, failure(16035, "%s: length must be a numeric type (is BSON type %s)", name, TypeName(arguments[2].kind))
	case start < 0:
		return value{}, failure(50752, "%s: starting index must be non-negative (got: %d)", name, start)
	case start >= int64(len(text)):
		return stringValue(""), nil
	}
	end := int64(len(text))
	if length >= 0 {
		end = start + min(length, end-start)
	}
	switch {
	case !utf8.RuneStart(text[start]):
		return value{}, failure(28656, "%s: Invalid range, starting index is a UTF-8 continuation byte.", name)
	case end < int64(len(text)) && !utf8.RuneStart(text[end]):
		return value{}, failure(28657, "%s: Invalid range, ending index is in the middle of a UTF-8 character.", name)
	}
	return stringValue(text[start:end]), nil
}

// substringOfCodePoints is $substrCP.
func substringOfCodePoints(_ string, arguments []value) (value, error) {
	text, err := arguments[0].asText()
	if err != nil {
		return value{}, err
	}
	start, err := codePointBound(arguments[1], "starting index", 34450, 34451, 34455)
	if err != nil {
		return value{}, err
	}
	length, err := codePointBound(arguments[2], "length", 34452, 34453, 34454)
	if err != nil {
		return value{}, err
	}
	rest := afterCodePoints(text, start)
	return stringValue(rest[:len(rest)-len(afterCodePoints(rest, length))]), nil
}

func codePointBound(v value, what string, notNumber, notInteger, negative int) (int, error) {
	if !v.isNumber() {
		return 0, failure(notNumber, "$substrCP: %s must be a numeric type (is BSON type %s)", what, TypeName(v.kind))
	}
	n, ok := v.int32Of()
	switch {
	case !ok:
		return 0, failure(notInteger, "$substrCP: %s cannot be represented as a 32-bit integral value: %s", what, v)
	case n < 0:
		return 0, failure(negative, "$substrCP: %s must be a nonnegative integer.", what)
	}
	return n, nil
}

// afterCodePoints is a string without its first n code points.
func afterCodePoints(text string, n int) string {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

func split(_ string, arguments []value) (value, error) {
	text, separator := arguments[0], arguments[1]
	switch {
	case text.nullish() || separator.nullish():
		return null, nil
	case !text.isString():
		return value{}, failure(40085, "$split requires an expression that evaluates to a string as a first argument, found: %s", TypeName(text.kind))
	case !separator.isString():
		return value{}, failure(10503900, "$split requires an expression that evaluates to a string as a second argument, found: %s", TypeName(separator.kind))
	case len(separator.text()) == 0:
		return value{}, failure(40087, "$split requires a non-empty separator")
	case bytes.Count(text.text(), separator.text()) > maxHeld/arrayElement:
		return value{}, tooLarge()
	}
	var parts []value
	for part := range strings.SplitSeq(string(text.text()), string(separator.text())) {
		parts = append(parts, stringValue(part))
	}
	return arrayOf(parts), nil
}

// indexOfBytes is $indexOfBytes.
func indexOfBytes(name string, arguments []value) (value, error) {
	return indexIn(name, arguments, 40091, 40092, func(text []byte) int { return len(text) }, func(text string, n int) string {
		return text[min(n, len(text)):]
	})
}

// indexOfCodePoints is $indexOfCP.
func indexOfCodePoints(name string, arguments []value) (value, error) {
	return indexIn(name, arguments, 40093, 40094, utf8.RuneCount, afterCodePoints)
}

// indexIn finds a string in a part of another: length counts, and after leaves out,
// bytes or code points.
func indexIn(name string, arguments []value, notText, notWord int, length func([]byte) int, after func(string, int) string) (value, error) {
	text, word := arguments[0], arguments[1]
	switch {
	case text.nullish():
		return null, nil
	case !text.isString():
		return value{}, failure(notText, "%s requires a string as the first argument, found: %s", name, TypeName(text.kind))
	case !word.isString():
		return value{}, failure(notWord, "%s requires a string as the second argument, found: %s", name, TypeName(word.kind))
	}
	start, end, err := indexBounds(name, arguments, length(text.text()), 40096)
	if err != nil {
		return value{}, err
	}
	if start > end {
		return int32Value(-1), nil
	}
	rest := after(string(text.text()), start)
	rest = rest[:len(rest)-len(after(rest, end-start))]
	at := strings.Index(rest, string(word.text()))
	if at < 0 {
		return int32Value(-1), nil
	}
	return intValue(int64(start + length([]byte(rest[:at])))), nil
}

// indexBounds returns from where to where is searched among n: the third and the
// fourth argument, if there are such. What is no integer has a code, and what is
// negative the next one.
func indexBounds(name string, arguments []value, n, code int) (start, end int, err error) {
	bounds := [2]int{0, n}
	for i, v := range arguments[2:] {
		what := [2]string{"starting", "ending"}[i]
		bound, ok := v.int32Of()
		switch {
		case !ok:
			return 0, 0, failure(code, "%s requires an integral %s index, found a value of type: %s, with value: %s", name, what, TypeName(v.kind), v)
		case bound < 0:
			return 0, 0, failure(code+1, "%s requires a nonnegative %s index, found: %d", name, what, bound)
		}
		bounds[i] = bound
	}
	return bounds[0], min(bounds[1], n), nil
}

// blanks are what $trim removes if it is not told what.
const blanks = "\x00 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"

// trimming makes $trim and its kin.
func trimming(trim func(text string, removed func(rune) bool) string) operation {
	return func(name string, arguments []value) (value, error) {
		input, chars := arguments[0], arguments[1]
		switch {
		case input.nullish():
			return null, nil
		case !input.isString():
			return value{}, failure(50699, "%s requires its input to be a string, got %s (of type %s) instead.", name, brief(input), TypeName(input.kind))
		case chars.nullish():
			return null, nil
		case !chars.isString():
			return value{}, failure(50700, "%s requires 'chars' to be a string, got %s (of type %s) instead.", name, brief(chars), TypeName(chars.kind))
		}
		removed := map[rune]bool{}
		for _, char := range string(chars.text()) {
			removed[char] = true
		}
		return stringValue(trim(string(input.text()), func(char rune) bool { return removed[char] })), nil
	}
}

// replacing makes $replaceOne and $replaceAll, of which one replaces but the first.
func replacing(times int) operation {
	return func(name string, arguments []value) (value, error) {
		for i, v := range arguments {
			if !v.nullish() && !v.isString() {
				what := [3]string{"input", "find", "replacement"}[i]
				code := [3]int{10503904, 10503901, 10503902}[i]
				return value{}, failure(code, "%s requires that '%s' be a string, found: %s", name, what, brief(v))
			}
		}
		for _, v := range arguments {
			if v.nullish() {
				return null, nil
			}
		}
		text, old, replacement := string(arguments[0].text()), string(arguments[1].text()), string(arguments[2].text())
		if strings.Count(text, old) > maxHeld/(1+len(replacement)) {
			return value{}, tooLarge()
		}
		return stringValue(strings.Replace(text, old, replacement, times)), nil
	}
}
