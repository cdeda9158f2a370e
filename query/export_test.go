package query

// What tests ask of the keys of indexes.
var (
	KeyLength = keyLength
	MaxKey    = maxKeySize
	MaxRanges = maxRanges
)
