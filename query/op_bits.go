package query

import (
	"encoding/binary"
	"iter"
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// bits is $bitsAllSet, $bitsAllClear, $bitsAnySet or $bitsAnyClear.
type bits struct {
	unwinding
	positions iter.Seq[uint32]
	all       bool // every position counts, not just one
	set       bool // a position counts if its bit is set, not if it is clear
}

func (*bits) rank() int { return rankBits }

func (b *bits) matches(v value, q *question) (bool, error) {
	var bit func(position uint32) bool
	if v.kind == bson.TypeBinary {
		_, data := v.binary()
		bit = func(position uint32) bool { return binaryBit(data, position) }
	} else if n, ok := v.whole(); ok {
		bit = func(position uint32) bool { return n>>min(position, 63)&1 == 1 }
	} else {
		return false, nil
	}
	for position := range b.positions {
		if err := q.spend(0); err != nil {
			return false, err
		}
		if (bit(position) == b.set) != b.all {
			return !b.all, nil
		}
	}
	return b.all, nil
}

// binaryBit reads a bit of a little-endian number of any length.
func binaryBit(data []byte, position uint32) bool {
	index := int(position / 8)
	return index < len(data) && data[index]>>(position%8)&1 == 1
}

func parseBits(b *bits, name string, operand value, at trail) (*bits, *Error) {
	var err *Error
	switch {
	case operand.kind == bson.TypeArray:
		b.positions, err = parseBitPositions(name, operand, at)
	case operand.kind == bson.TypeBinary:
		_, mask := operand.binary()
		b.positions = setBits(mask)
	case operand.isNumber():
		b.positions, err = parseBitMask(operand, at)
	default:
		err = at.fail(CodeBadValue, "%s takes an Array, a number, or a BinData but received: %s", name, operand)
	}
	return b, err
}

func parseBitMask(operand value, at trail) (iter.Seq[uint32], *Error) {
	mask, ok := operand.whole()
	switch {
	case !ok:
		return nil, at.fail(CodeFailedToParse, "Expected an integer: %s", operand)
	case mask < 0:
		return nil, at.fail(CodeFailedToParse, "Expected a non-negative number in: %s", operand)
	}
	return setBits(binary.LittleEndian.AppendUint64(nil, uint64(mask))), nil
}

// setBits yields the positions of the ones in a little-endian number.
func setBits(mask []byte) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, ones := range mask {
			for p := uint32(8 * i); ones != 0; p, ones = p+1, ones>>1 {
				if ones&1 == 1 && !yield(p) {
					return
				}
			}
		}
	}
}

func parseBitPositions(name string, operand value, at trail) (iter.Seq[uint32], *Error) {
	var positions []uint32
	for it := elementsOf(operand.data); it.next(); {
		n, ok := it.whole()
		if !ok || n < 0 || n > math.MaxInt32 {
			return nil, at.down(string(it.key)).fail(CodeBadValue,
				"bit positions of %s must be integers from 0 to %d, but got: %s", name, math.MaxInt32, it.value)
		}
		positions = append(positions, uint32(n))
	}
	return slices.Values(positions), nil
}
