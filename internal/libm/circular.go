package libm

import (
	"math"
	"math/big"
)

// Sin is the sine of x.
func Sin(x float64) float64 {
	if !finite(x) || x == 0 {
		return math.Sin(x)
	}
	sin, _ := sincos(x)
	return rounded(sin)
}

// Cos is the cosine of x.
func Cos(x float64) float64 {
	if !finite(x) || x == 0 {
		return math.Cos(x)
	}
	_, cos := sincos(x)
	return rounded(cos)
}

// Tan is the tangent of x.
func Tan(x float64) float64 {
	if !finite(x) || x == 0 {
		return math.Tan(x)
	}
	sin, cos := sincos(x)
	return rounded(sin.Quo(sin, cos))
}

// sincos reduces a number by the nearest multiple of π/2.
func sincos(x float64) (sin, cos *big.Float) {
	_, exponent := math.Frexp(x)
	bits := uint(2*precision + max(0, exponent))
	half := zero(bits).SetMantExp(zero(bits).Set(pi()), -1)
	quotient := zero(bits).Quo(number(x), half)
	quarters, _ := quotient.Add(quotient, number(math.Copysign(0.5, x))).Int(nil)
	r := zero(bits).SetInt(quarters)
	r.Sub(number(x), r.Mul(r, half))
	sin, cos = sincosOfReduced(zero(precision).Set(r))
	if quarters.Bit(0) == 1 {
		sin, cos = cos, sin.Neg(sin)
	}
	if quarters.Bit(1) == 1 {
		sin.Neg(sin)
		cos.Neg(cos)
	}
	return sin, cos
}

// sincosOfReduced are the series.
func sincosOfReduced(r *big.Float) (sin, cos *big.Float) {
	square := zero(precision).Mul(r, r)
	square.Neg(square)
	next := func(first int64) func(term *big.Float, k int64) {
		return func(term *big.Float, k int64) {
			n := 2*k + first
			term.Mul(term, square)
			term.Quo(term, number(float64(n*(n-1))))
		}
	}
	return series(r, next(1)), series(number(1), next(0))
}

// Atan is the angle whose tangent is x.
func Atan(x float64) float64 {
	if !finite(x) || x == 0 {
		return math.Atan(x)
	}
	return rounded(atan(number(x)))
}

// atan adds to an angle that is nearly right the angle that is left: a few terms of its series.
func atan(x *big.Float) *big.Float {
	y := math.Atan(rounded(x))
	sin, cos := sincosOfReduced(number(y))
	tan := sin.Quo(sin, cos)
	left := zero(precision).Mul(x, tan)
	left.Add(left, number(1))
	left.Quo(zero(precision).Sub(x, tan), left)
	cube := zero(precision).Mul(left, left)
	cube.Mul(cube, left)
	left.Sub(left, cube.Quo(cube, number(3)))
	return left.Add(left, number(y))
}

// Asin is the angle whose sine is x.
func Asin(x float64) float64 {
	if !(math.Abs(x) < 1) || x == 0 {
		return math.Asin(x)
	}
	root := zero(precision).Sqrt(oneMinusSquare(x))
	return rounded(atan(root.Quo(number(x), root)))
}

// Acos is the angle whose cosine is x.
func Acos(x float64) float64 {
	if !(math.Abs(x) < 1) {
		return math.Acos(x)
	}
	// The angle is twice that whose tangent is the root of (1 - x) / (1 + x).
	ratio := zero(precision).Sub(number(1), number(x))
	ratio.Quo(ratio, zero(precision).Add(number(1), number(x)))
	half := atan(ratio.Sqrt(ratio))
	return rounded(half.Add(half, half))
}

func oneMinusSquare(x float64) *big.Float {
	square := zero(precision).Mul(number(x), number(x))
	return square.Sub(number(1), square)
}

// Atan2 is the angle of the point (x, y).
func Atan2(y, x float64) float64 {
	if !finite(x) || !finite(y) || x == 0 || y == 0 {
		return math.Atan2(y, x)
	}
	angle := atan(zero(precision).Quo(number(y), number(x)))
	if x < 0 {
		turn := zero(precision).Set(pi())
		if y < 0 {
			turn.Neg(turn)
		}
		angle.Add(angle, turn)
	}
	return rounded(angle)
}
