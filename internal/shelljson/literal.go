package shelljson

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

func stringLiteral(literal string) (bson.RawValue, *problem) {
	text, problem := unquote(literal)
	if problem != nil {
		return bson.RawValue{}, problem
	}
	return stringValue(text), nil
}

func keyLiteral(literal string) (string, *problem) {
	key, problem := unquote(literal)
	if problem == nil && strings.ContainsRune(key, 0) {
		return "", problemf("", "a key cannot hold a NUL character")
	}
	return key, problem
}

// numberLiteral types a number as relaxed Extended JSON does. The literal may have a minus.
func numberLiteral(literal string) (bson.RawValue, *problem) {
	if literal == "-0" {
		return doubleValue(math.Copysign(0, -1)), nil // as in JavaScript, whose integers have no -0
	}
	if strings.HasSuffix(literal, "n") {
		digits := strings.TrimSuffix(literal, "n")
		return bson.RawValue{}, problemf(`write NumberLong("`+digits+`")`, "%s is a BigInt, which has no BSON type", abbreviate(literal))
	}
	if integer, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return integerValue(integer), nil
	}
	return doubleFromText(literal)
}

// integerValue gives an integer the smallest type that holds it.
func integerValue(integer int64) bson.RawValue {
	if integer == int64(int32(integer)) {
		return int32Value(int32(integer))
	}
	return int64Value(integer)
}

// regexLiteral reads /pattern/flags. The pattern is kept as it stands, as mongosh keeps it: \/ means
// the same to PCRE.
func regexLiteral(literal string) (bson.RawValue, *problem) {
	slash := strings.LastIndexByte(literal, '/')
	pattern, flags := literal[1:slash], literal[slash+1:]
	if at := strings.IndexFunc(flags, func(r rune) bool { return !strings.ContainsRune("imsux", r) }); at >= 0 {
		return bson.RawValue{}, problemf("MongoDB's are i, m, s, u and x", "%s is not an option of a regular expression", flags[at:])
	}
	return regexValue(pattern, flags)
}

// unquote reads a JavaScript string literal.
func unquote(literal string) (string, *problem) {
	body := literal[1 : len(literal)-1]
	if !strings.Contains(body, `\`) {
		return body, nil
	}
	var text strings.Builder
	for body != "" {
		plain, escaped, found := strings.Cut(body, `\`)
		text.WriteString(plain)
		if !found {
			break
		}
		char, rest, problem := unescape(escaped)
		if problem != nil {
			return "", problem
		}
		text.WriteString(char)
		body = rest
	}
	return text.String(), nil
}

// unescape reads the escape sequence whose backslash stood before the text, and returns what it
// means and what follows it.
func unescape(text string) (char, rest string, _ *problem) {
	first, size := utf8.DecodeRuneInString(text)
	rest = text[size:]
	switch first {
	case 'b':
		return "\b", rest, nil
	case 'f':
		return "\f", rest, nil
	case 'n':
		return "\n", rest, nil
	case 'r':
		return "\r", rest, nil
	case 't':
		return "\t", rest, nil
	case 'v':
		return "\v", rest, nil
	case 'x':
		unit, rest, problem := hexDigits(rest, 2, `\x`)
		return string(unit), rest, problem
	case 'u':
		return unicodeEscape(rest)
	case '\r': // a line that goes on in the next one
		return "", strings.TrimPrefix(rest, "\n"), nil
	case '\n', '\u2028', '\u2029':
		return "", rest, nil
	case '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if first == '0' && strings.IndexAny(rest, "0123456789") != 0 {
			return "\x00", rest, nil
		}
		return "", "", problemf(`write \x and two hexadecimal digits`, `an octal escape \%c in a string`, first)
	}
	return string(first), rest, nil
}

// unicodeEscape reads what follows \u: four digits, two such escapes for a character beyond U+FFFF,
// or any number of digits in braces.
func unicodeEscape(text string) (char, rest string, _ *problem) {
	if braced, ok := strings.CutPrefix(text, "{"); ok {
		digits, rest, _ := strings.Cut(braced, "}")
		point, _, problem := hexDigits(digits, len(digits), `\u{`)
		if problem == nil && !utf8.ValidRune(point) {
			problem = problemf("", `\u{%s} in a string is not a character`, abbreviate(digits))
		}
		return string(point), rest, problem
	}
	unit, rest, problem := hexDigits(text, 4, `\u`)
	if problem != nil || !utf16.IsSurrogate(unit) {
		return string(unit), rest, problem
	}
	if second, ok := strings.CutPrefix(rest, `\u`); ok {
		low, afterPair, problem := hexDigits(second, 4, `\u`)
		if point := utf16.DecodeRune(unit, low); point != utf8.RuneError || problem != nil {
			return string(point), afterPair, problem
		}
	}
	return "", "", problemf("", `\u%s in a string is half of a character`, text[:4])
}

func hexDigits(text string, count int, escape string) (rune, string, *problem) {
	digits := text[:min(count, len(text))]
	point, err := strconv.ParseUint(digits, 16, 31)
	if err != nil || len(digits) < count {
		return 0, "", problemf("", `hexadecimal digits are wanted after %s in a string, not %q`, escape, abbreviate(digits))
	}
	return rune(point), text[count:], nil
}

// sorted returns options of a regular expression in the order in which BSON wants them.
func sorted(options string) string {
	chars := []rune(options)
	slices.Sort(chars)
	return string(chars)
}
