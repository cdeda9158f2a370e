package libm_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/internal/libm"
)

var functions = map[string]func(x float64) float64{
	"sin": libm.Sin, "cos": libm.Cos, "tan": libm.Tan, "asin": libm.Asin, "acos": libm.Acos, "atan": libm.Atan,
	"sinh": libm.Sinh, "cosh": libm.Cosh, "tanh": libm.Tanh, "asinh": libm.Asinh, "acosh": libm.Acosh, "atanh": libm.Atanh,
	"exp": libm.Exp, "log": libm.Log, "log10": libm.Log10,
}

// The values are those of the C library; a few differ, by one in the last place,
// where that library does not round right.
func TestValuesOfTheCLibrary(t *testing.T) {
	file, err := os.Open("testdata/glibc-2.36.txt")
	require.NoError(t, err)
	defer file.Close()
	asked, others := map[string]int{}, map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		name, numbers := fields[0], make([]float64, len(fields)-1)
		for i, field := range fields[1:] {
			bits, err := strconv.ParseUint(field, 16, 64)
			require.NoError(t, err)
			numbers[i] = math.Float64frombits(bits)
		}
		want, got := numbers[len(numbers)-1], 0.0
		switch name {
		case "atan2":
			got = libm.Atan2(numbers[0], numbers[1])
		case "pow":
			got = libm.Pow(numbers[0], numbers[1])
		default:
			got = functions[name](numbers[0])
		}
		asked[name]++
		if math.Float64bits(got) == math.Float64bits(want) {
			continue
		}
		others[name]++
		beside := got == math.Nextafter(want, math.Inf(1)) || got == math.Nextafter(want, math.Inf(-1))
		require.True(t, beside, "%s of %v: got %v, want %v", name, numbers[:len(numbers)-1], got, want)
	}
	require.Len(t, asked, len(functions)+2)
	for name, n := range asked {
		require.LessOrEqual(t, others[name]*100, n, name)
	}
}

func TestWhatIsNoNumber(t *testing.T) {
	for name, f := range functions {
		require.True(t, math.IsNaN(f(math.NaN())), name)
	}
	for name, want := range map[string]float64{
		"sin": math.NaN(), "tan": math.NaN(), "atan": math.Pi / 2, "sinh": math.Inf(1), "cosh": math.Inf(1), "tanh": 1, "asinh": math.Inf(1),
		"acosh": math.Inf(1), "exp": math.Inf(1), "log": math.Inf(1), "log10": math.Inf(1), "asin": math.NaN(), "atanh": math.NaN(),
	} {
		got := functions[name](math.Inf(1))
		require.True(t, got == want || math.IsNaN(got) && math.IsNaN(want), "%s: %v", name, got)
	}
	require.Equal(t, math.Inf(-1), libm.Log(0))
	require.Zero(t, libm.Exp(-1000))
	require.Equal(t, math.Inf(1), libm.Exp(1000))
}
