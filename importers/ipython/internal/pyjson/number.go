package pyjson

import (
	"bytes"
	"errors"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// number appends the number that is next.
func (p *parser) number(dst []byte) (bsoncore.Type, []byte, error) {
	if bytes.HasPrefix(p.data[p.pos:], []byte("-I")) {
		return p.literal(dst)
	}
	start := p.pos
	p.next('-')
	leading := p.pos
	if p.digits() == 0 || p.data[leading] == '0' && p.pos > leading+1 {
		return 0, nil, errors.New("malformed number")
	}
	whole := p.pos
	if p.next('.') && p.digits() == 0 {
		return 0, nil, errors.New("no digit after the decimal point")
	}
	if p.next('e', 'E') {
		p.next('+', '-')
		if p.digits() == 0 {
			return 0, nil, errors.New("no digit in the exponent")
		}
	}
	text := string(p.data[start:p.pos])
	if p.pos == whole {
		return p.integer(dst, text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.note("%.40s is beyond a double: it became %v", text, f)
	}
	return bsoncore.TypeDouble, bsoncore.AppendDouble(dst, f), nil
}

// next reads one byte if it is one of those given. Unlike accept it skips no
// white space, of which a number has none.
func (p *parser) next(wanted ...byte) bool {
	if p.pos == len(p.data) || bytes.IndexByte(wanted, p.data[p.pos]) < 0 {
		return false
	}
	p.pos++
	return true
}

// digits reads decimal digits and returns how many there were.
func (p *parser) digits() int {
	start := p.pos
	for p.pos < len(p.data) && '0' <= p.data[p.pos] && p.data[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// maxDecimalDigits is the precision of Decimal128.
const maxDecimalDigits = 34

func (p *parser) integer(dst []byte, text string) (bsoncore.Type, []byte, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n == int64(int32(n)) {
			return bsoncore.TypeInt32, bsoncore.AppendInt32(dst, int32(n)), nil
		}
		return bsoncore.TypeInt64, bsoncore.AppendInt64(dst, n), nil
	}
	if len(text) <= maxDecimalDigits+len("-") {
		if d, err := bson.ParseDecimal128(text); err == nil {
			high, low := d.GetBytes()
			return bsoncore.TypeDecimal128, bsoncore.AppendDecimal128(dst, high, low), nil
		}
	}
	p.note("%.40s has %d digits, more than any BSON number: it became a string", text, len(text))
	return bsoncore.TypeString, bsoncore.AppendString(dst, text), nil
}
