package libm

import (
	"math"
	"math/big"
)

// Exp is e to the power of x.
func Exp(x float64) float64 {
	if !finite(x) || x > 720 || x < -760 {
		return math.Exp(x)
	}
	return rounded(exp(number(x)))
}

// halvings is how often an argument is halved before the series of the exponential, which then ends the sooner.
const halvings = 8

func exp(x *big.Float) *big.Float {
	// x is k·ln 2 + r, and exp(r) is exp(r/2^h)^(2^h).
	quotient, _ := zero(precision).Quo(x, ln2()).Float64()
	k := math.Round(quotient)
	r := zero(2*precision).Mul(ln2(), number(k))
	r.Sub(zero(2*precision).Set(x), r)
	r.SetMantExp(r, -halvings)
	reduced := zero(precision).Set(r)
	e := series(number(1), func(term *big.Float, k int64) {
		term.Mul(term, reduced)
		term.Quo(term, number(float64(k)))
	})
	for range halvings {
		e.Mul(e, e)
	}
	return e.SetMantExp(e, int(k))
}

// Log is the natural logarithm of x.
func Log(x float64) float64 {
	if !finite(x) || x <= 0 || x == 1 {
		return math.Log(x)
	}
	return rounded(log(x))
}

// log is that of a finite positive number.
func log(x float64) *big.Float {
	mantissa, exponent := math.Frexp(x)
	if mantissa < math.Sqrt2/2 {
		mantissa, exponent = 2*mantissa, exponent-1
	}
	// Halley's step from what is nearly right triples the digits: y + 2 (m - e^y) / (m + e^y).
	y := number(math.Log(mantissa))
	m, e := number(mantissa), exp(y)
	step := zero(precision).Sub(m, e)
	step.Quo(step, e.Add(m, e))
	y.Add(y, step.Add(step, step))
	whole := zero(precision).Mul(ln2(), number(float64(exponent)))
	return y.Add(y, whole)
}

// Pow is x to the power of y.
func Pow(x, y float64) float64 {
	p := math.Pow(x, y)
	if !finite(p) || p == 0 || p == 1 || !finite(x) || !finite(y) {
		return p
	}
	product := zero(precision).Mul(log(math.Abs(x)), number(y))
	return math.Copysign(rounded(exp(product)), p)
}

// Log10 is the logarithm of x to the base 10.
func Log10(x float64) float64 {
	if !finite(x) || x <= 0 {
		return math.Log10(x)
	}
	const (
		inverseOfLog10 = 4.34294481903251816668e-01
		log10Of2High   = 3.01029995663611771306e-01
		log10Of2Low    = 3.69423907715893078616e-13
	)
	mantissa, exponent := math.Frexp(x)
	mantissa, exponent = 2*mantissa, exponent-1
	if exponent < 0 {
		mantissa, exponent = mantissa/2, exponent+1
	}
	y := float64(exponent)
	z := float64(y*log10Of2Low) + float64(inverseOfLog10*Log(mantissa))
	return z + float64(y*log10Of2High)
}
