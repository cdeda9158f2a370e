package libm

import "math"

// Sinh is the hyperbolic sine of x.
func Sinh(x float64) float64 {
	abs, half := math.Abs(x), math.Copysign(0.5, x)
	switch {
	case !finite(x):
		return x
	case abs < 0x1p-28:
		return x
	case abs < 1:
		t := math.Expm1(abs)
		return half * (2*t - float64(t*t)/(t+1))
	case abs < 22:
		t := math.Expm1(abs)
		return half * (t + t/(t+1))
	case abs < logOfMax:
		return half * Exp(abs)
	}
	w := Exp(0.5 * abs)
	return half * w * w
}

// logOfMax is the logarithm of the largest double, about.
const logOfMax = 709.78

// Cosh is the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	abs := math.Abs(x)
	switch {
	case !finite(x):
		return abs
	case abs < 0x1p-55:
		return 1
	case abs < 0.5*math.Ln2:
		t := math.Expm1(abs)
		w := 1 + t
		return 1 + float64(t*t)/(w+w)
	case abs < 22:
		t := Exp(abs)
		return 0.5*t + 0.5/t
	case abs < logOfMax:
		return 0.5 * Exp(abs)
	}
	w := Exp(0.5 * abs)
	return 0.5 * w * w
}

// Tanh is the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	abs := math.Abs(x)
	z := 1.0
	switch {
	case math.IsNaN(x):
		return x
	case abs < 0x1p-55:
		return x * (1 + x)
	case abs < 1:
		t := math.Expm1(-2 * abs)
		z = -t / (t + 2)
	case abs < 22:
		t := math.Expm1(2 * abs)
		z = 1 - 2/(t+2)
	}
	return math.Copysign(z, x)
}

// Asinh is the number whose hyperbolic sine is x.
func Asinh(x float64) float64 {
	abs := math.Abs(x)
	w := 0.0
	switch {
	case !finite(x), abs < 0x1p-28:
		return x
	case abs > 0x1p28:
		w = Log(abs) + math.Ln2
	case abs > 2:
		w = Log(2*abs + 1/(math.Sqrt(float64(abs*abs)+1)+abs))
	default:
		t := float64(abs * abs)
		w = math.Log1p(abs + t/(1+math.Sqrt(1+t)))
	}
	return math.Copysign(w, x)
}

// Acosh is the number whose hyperbolic cosine is x.
func Acosh(x float64) float64 {
	switch {
	case !(x > 1) || !finite(x):
		return math.Acosh(x)
	case x > 0x1p28:
		return Log(x) + math.Ln2
	case x > 2:
		return Log(2*x - 1/(x+math.Sqrt(float64(x*x)-1)))
	}
	t := x - 1
	return math.Log1p(t + math.Sqrt(2*t+float64(t*t)))
}

// Atanh is the number whose hyperbolic tangent is x.
func Atanh(x float64) float64 {
	abs := math.Abs(x)
	w := 0.0
	switch {
	case !(abs < 1):
		return math.Atanh(x)
	case abs < 0x1p-28:
		return x
	case abs < 0.5:
		t := abs + abs
		w = 0.5 * math.Log1p(t+float64(t*abs)/(1-abs))
	default:
		w = 0.5 * math.Log1p((abs+abs)/(1-abs))
	}
	return math.Copysign(w, x)
}
