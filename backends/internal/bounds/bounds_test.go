package bounds

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		option, text string
		want         taskdb.Bounds
	}{
		{"max_records", "1000", taskdb.Bounds{Records: 1000}},
		{"max_records", "0", taskdb.Bounds{}},
		{"max_bytes", "1000", taskdb.Bounds{Bytes: 1000}},
		{"max_bytes", "2GiB", taskdb.Bounds{Bytes: 2 << 30}},
		{"max_bytes", "500MB", taskdb.Bounds{Bytes: 500_000_000}},
		{"cull", "0", taskdb.Bounds{}},
		{"cull", "0.25", taskdb.Bounds{Cull: 0.25}},
		{"lost_after", "24h", taskdb.Bounds{LostAfter: 24 * time.Hour}},
		{"lost_after", "0s", taskdb.Bounds{}},
	} {
		var got taskdb.Bounds
		known, err := Set(&got, c.option, c.text)
		require.NoError(t, err, c)
		require.True(t, known)
		require.Equal(t, c.want, got)
	}
	known, err := Set(&taskdb.Bounds{}, "max_age", "1h")
	require.NoError(t, err)
	require.False(t, known)
}

func TestAWrongOptionIsNamed(t *testing.T) {
	for option, texts := range map[string][]string{
		"max_records": {"", "many", "-1", "1.5", "9223372036854775808"},
		"max_bytes":   {"", "much", "-1", "1 parsec"},
		"cull":        {"", "some", "-0.1", "1.1", "NaN"},
		"lost_after":  {"", "later", "24", "-1h"},
	} {
		for _, text := range texts {
			known, err := Set(&taskdb.Bounds{}, option, text)
			require.True(t, known)
			require.ErrorContains(t, err, "option "+option+` is "`+text+`", want a`)
		}
	}
}

// freed is how many records of ten bytes go for an operation, and whether that is
// enough, if no more than some can go.
func freed(d Demand, most int) (n int, met bool) {
	for ; !d.Done() && n < most; n++ {
		d.Free(10)
	}
	return n, d.Met()
}

func TestDemands(t *testing.T) {
	b := taskdb.Bounds{Records: 100_000, Bytes: 500_000, Cull: 0.1}
	for name, c := range map[string]struct {
		held, before Size
		want         int
		rule         string
	}{
		"within":                          {Size{100_000, 500_000}, Size{99_999, 499_990}, 0, ""},
		"one too many":                    {Size{100_001, 10}, Size{100_000, 0}, 1000, "max_records=100000"},
		"many too many":                   {Size{105_000, 10}, Size{100_000, 0}, 5000, "max_records=100000"},
		"a byte too many":                 {Size{10, 500_001}, Size{9, 499_991}, 1000, "max_bytes=500000"},
		"many bytes too many":             {Size{10, 520_000}, Size{9, 499_991}, 2000, "max_bytes=500000"},
		"both":                            {Size{105_000, 520_000}, Size{100_000, 400_000}, 5000, "max_records=100000"},
		"an update of too many":           {Size{100_500, 10}, Size{100_500, 0}, 0, ""},
		"an update that shrinks too much": {Size{10, 600_000}, Size{10, 600_010}, 0, ""},
		"opened with a lower bound":       {Size{200_000, 10}, Size{199_999, 0}, 1000, "max_records=100000"},
	} {
		d := DemandOf(b, c.held, c.before)
		require.Equal(t, c.rule, d.Rule(), name)
		n, met := freed(d, 1_000_000)
		require.True(t, met, name)
		require.Equal(t, c.want, n, name)
		require.Equal(t, c.want == 0, d.Met(), name)
	}
	_, met := freed(DemandOf(b, Size{105_000, 10}, Size{100_000, 0}), 4999)
	require.False(t, met)
	_, met = freed(DemandOf(b, Size{200_000, 10}, Size{199_999, 0}), 1)
	require.True(t, met, "what it held before is not this operation's")
}

func TestALostRecordIsNotTooLarge(t *testing.T) {
	doc, err := bson.Marshal(bson.D{{Key: "_id", Value: 1}, {Key: "stdout", Value: string(make([]byte, taskdb.MaxRecordSize-50))}})
	require.NoError(t, err)
	_, err = Lost(doc, time.Hour, time.Now())
	require.ErrorIs(t, err, taskdb.ErrTooLarge)
}
