// Package libm has the elementary functions as the C library of GNU computes them, and with it MongoDB: package math
// differs from it in the last digit of every fourth or fifth value.
//
// That library rounds nearly always right where it has an algorithm of its own: for the exponential, logarithms to the
// base e, powers and the circular functions. These are computed here with many more digits than are wanted, and rounded
// once. Hyperbolic functions and logarithms to the base 10 it makes of others, in a few steps that each round: these are
// the same steps here.
package libm

import (
	"math/big"
	"sync"
)

// precision is how many bits a value has before it is rounded. A double has 53.
const precision = 200

func number(f float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(f) }

func zero(prec uint) *big.Float { return new(big.Float).SetPrec(prec) }

func rounded(x *big.Float) float64 {
	f, _ := x.Float64()
	return f
}

// maxExponent is that of the largest double. What is reduced by a multiple of π loses as many bits.
const maxExponent = 1024

// pi has enough bits to reduce any double.
var pi = sync.OnceValue(func() *big.Float {
	// Machin: π/4 is 4 atan(1/5) - atan(1/239).
	const bits = maxExponent + 2*precision
	quarter := new(big.Int).Lsh(arctanOfInverse(5, bits), 2)
	quarter.Sub(quarter, arctanOfInverse(239, bits))
	p := new(big.Float).SetPrec(bits).SetInt(quarter)
	return p.SetMantExp(p, 2-bits)
})

// arctanOfInverse returns atan(1/n), times 2 to the number of bits.
func arctanOfInverse(n int64, bits uint) *big.Int {
	square := big.NewInt(n * n)
	power := new(big.Int).Lsh(big.NewInt(1), bits)
	power.Quo(power, big.NewInt(n))
	sum := new(big.Int)
	for k := int64(1); power.Sign() > 0; k += 4 {
		sum.Add(sum, new(big.Int).Quo(power, big.NewInt(k)))
		power.Quo(power, square)
		sum.Sub(sum, new(big.Int).Quo(power, big.NewInt(k+2)))
		power.Quo(power, square)
	}
	return sum
}

// ln2 is twice the series of atanh at 1/3.
var ln2 = sync.OnceValue(func() *big.Float {
	const bits = 2 * precision
	power := new(big.Int).Lsh(big.NewInt(2), bits)
	power.Quo(power, big.NewInt(3))
	sum := new(big.Int)
	for k := int64(1); power.Sign() > 0; k += 2 {
		sum.Add(sum, new(big.Int).Quo(power, big.NewInt(k)))
		power.Quo(power, big.NewInt(9))
	}
	l := new(big.Float).SetPrec(bits).SetInt(sum)
	return l.SetMantExp(l, -bits)
})

// series returns the sum of terms, of which each is the one before times what next says it to be.
func series(first *big.Float, next func(term *big.Float, k int64)) *big.Float {
	sum, term := zero(precision).Set(first), zero(precision).Set(first)
	for k := int64(1); term.Sign() != 0 && term.MantExp(nil) > sum.MantExp(nil)-precision; k++ {
		next(term, k)
		sum.Add(sum, term)
	}
	return sum
}

// finite tells whether a value is neither infinite nor NaN.
func finite(x float64) bool { return x-x == 0 }
