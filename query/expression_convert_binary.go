package query

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// target is what $convert converts to: a type, and for binary values how they are
// written as text or in bytes, and the subtype that they get.
type target struct {
	kind      bson.Type
	subtype   value
	format    string // empty if there is none
	byteOrder binary.ByteOrder
}

// kindUUID is the subtype of UUIDs, which have so many bytes.
const (
	kindUUID = 4
	uuidSize = 16
)

// read sets the format and the byte order, which may be null.
func (t *target) read(format, byteOrder value) error {
	t.byteOrder = binary.LittleEndian
	switch {
	case format.nullish():
	case !format.isString():
		return failure(4341114, "$convert requires that 'format' be a string, found: %s with value %s", TypeName(format.kind), brief(format))
	case !strings.Contains(" auto base64 base64url hex utf8 uuid ", " "+string(format.text())+" "):
		return failure(4341125, "Invalid 'format' argument for $convert: %s", format.text())
	default:
		t.format = string(format.text())
	}
	switch {
	case byteOrder.nullish():
	case !byteOrder.isString():
		return failure(9130001, "$convert requires that 'byteOrder' be a string, found: %s with value %s", TypeName(byteOrder.kind), brief(byteOrder))
	case string(byteOrder.text()) == "big":
		t.byteOrder = binary.BigEndian
	case string(byteOrder.text()) != "little":
		return failure(9130002, "Invalid 'byteOrder' argument for $convert: %s", byteOrder.text())
	}
	return nil
}

// binarySubtype is the subtype as a number.
func (t *target) binarySubtype() (byte, error) {
	n, whole := t.subtype.whole()
	switch {
	case t.subtype.missing():
		return 0, nil
	case !t.subtype.isNumber():
		return 0, failure(4341108, "For BinData, $convert's 'subtype' argument must be a number, but is %s", TypeName(t.subtype.kind))
	case !whole:
		return 0, failure(4341106, "In $convert, numeric 'subtype' argument is not an integer")
	case (n < 0 || n > 9) && (n < 128 || n > 255):
		return 0, failure(4341107, "In $convert, numeric value for 'subtype' does not correspond to a BinData type: %d", n)
	}
	return byte(n), nil
}

// checkFormat checks that there is a format, where one is needed.
func (t *target) checkFormat(from value) error {
	if t.format == "" {
		return failure(4341115, "Format must be speficied when converting from '%s' to '%s'", TypeName(from.kind), TypeName(t.kind))
	}
	return nil
}

func binaryValue(subtype byte, data []byte) value {
	encoded := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	return value{bson.TypeBinary, append(append(encoded, subtype), data...)}
}

// toBinary converts a string, a number, or a binary value of the same subtype.
func (t *target) toBinary(v value) (value, error) {
	switch v.kind {
	case bson.TypeString:
		if err := t.checkFormat(v); err != nil {
			return value{}, err
		}
	case bson.TypeBinary, bson.TypeInt32, bson.TypeInt64, bson.TypeDouble:
	default:
		return value{}, nil
	}
	subtype, err := t.binarySubtype()
	if err != nil {
		return value{}, err
	}
	switch v.kind {
	case bson.TypeString:
		data, ok := t.parse(string(v.text()), subtype)
		if !ok {
			return value{}, conversionFailure("Failed to parse BinData '%s'", brief(v))
		}
		return binaryValue(subtype, data), nil
	case bson.TypeBinary:
		if own, _ := v.binary(); own != subtype {
			return value{}, failure(CodeConversionFailure, "Conversions between different BinData subtypes are not supported")
		}
		return v, nil
	}
	data := bytes.Clone(v.data)
	if t.byteOrder == binary.BigEndian {
		for i, b := range v.data {
			data[len(data)-1-i] = b
		}
	}
	return binaryValue(subtype, data), nil
}

// parse reads bytes that are written in the format. That of UUIDs is for their
// subtype, and for it alone.
func (t *target) parse(text string, subtype byte) (data []byte, ok bool) {
	if (t.format == "uuid") != (subtype == kindUUID) {
		return nil, false
	}
	var err error
	switch t.format {
	case "base64":
		data, err = base64.StdEncoding.Strict().DecodeString(text)
	case "base64url":
		data, err = base64.RawURLEncoding.Strict().DecodeString(text)
	case "hex":
		data, err = hex.DecodeString(text)
	case "utf8":
		return []byte(text), utf8.ValidString(text)
	case "uuid":
		data, err = hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		ok = len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
		return data, ok && err == nil && len(data) == uuidSize
	default: // auto
		return nil, false
	}
	return data, err == nil && !strings.ContainsAny(text, "\r\n")
}

// binaryToText writes bytes in the format.
func (t *target) binaryToText(v value) (value, error) {
	if err := t.checkFormat(v); err != nil {
		return value{}, err
	}
	subtype, data := v.binary()
	isUUID := subtype == kindUUID && len(data) == uuidSize
	format := t.format
	if format == "auto" {
		format = "base64"
		if isUUID {
			format = "uuid"
		}
	}
	switch {
	case format == "uuid" && !isUUID, format == "utf8" && !utf8.Valid(data):
		return value{}, conversionFailure("Failed to convert '%s' to string", brief(v))
	case format == "uuid":
		text := hex.EncodeToString(data)
		return stringValue(strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")), nil
	case format == "utf8":
		return stringValue(string(data)), nil
	case format == "hex":
		return stringValue(strings.ToUpper(hex.EncodeToString(data))), nil
	case format == "base64url":
		return stringValue(base64.RawURLEncoding.EncodeToString(data)), nil
	}
	return stringValue(base64.StdEncoding.EncodeToString(data)), nil
}

// binaryToNumber reads bytes as a number of their size.
func (t *target) binaryToNumber(v value) (value, error) {
	_, data := v.binary()
	isDouble := t.kind == bson.TypeDouble
	switch size := len(data); {
	case size == 4 && isDouble:
		return doubleValue(float64(math.Float32frombits(t.byteOrder.Uint32(data)))), nil
	case size == 8 && isDouble:
		return doubleValue(math.Float64frombits(t.byteOrder.Uint64(data))), nil
	case size == 1 && !isDouble:
		return wholeOf(t.kind, int64(int8(data[0]))), nil
	case size == 2 && !isDouble:
		return wholeOf(t.kind, int64(int16(t.byteOrder.Uint16(data)))), nil
	case size == 4 && !isDouble:
		return wholeOf(t.kind, int64(int32(t.byteOrder.Uint32(data)))), nil
	case size == 8 && t.kind == bson.TypeInt64:
		return int64Value(int64(t.byteOrder.Uint64(data))), nil
	}
	return value{}, failure(CodeConversionFailure, "Failed to convert '%s' to number in $convert because of invalid length: %d", brief(v), len(data))
}
