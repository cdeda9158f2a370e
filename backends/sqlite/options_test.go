package sqlite

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

func TestURLs(t *testing.T) {
	for text, want := range map[string]struct {
		path    string
		options Options
	}{
		"sqlite:///var/lib/tasks.db":                 {"/var/lib/tasks.db", Options{}},
		"sqlite:/var/lib/tasks.db":                   {"/var/lib/tasks.db", Options{}},
		"sqlite:tasks.db":                            {"tasks.db", Options{}},
		"sqlite:lab%20notes/50%25.db":                {"lab notes/50%.db", Options{}},
		"sqlite:t.db?durability=normal":              {"t.db", Options{Durability: Normal}},
		"sqlite:t.db?durability=full&mode=rw":        {"t.db", Options{}},
		"sqlite:t.db?mode=ro&durability=off":         {"t.db", Options{ReadOnly: true, Durability: Off}},
		"sqlite:t.db?lock_wait=1500ms&network=allow": {"t.db", Options{LockWait: 1500 * time.Millisecond, AllowNetwork: true}},
		"sqlite:t.db?lock_wait=0s":                   {"t.db", Options{LockWait: -1}},
		"sqlite:t.db?max_records=5&max_bytes=2GiB":   {"t.db", Options{Bounds: taskdb.Bounds{Records: 5, Bytes: 2 << 30}}},
		"sqlite:t.db?lost_after=36h":                 {"t.db", Options{Bounds: taskdb.Bounds{LostAfter: 36 * time.Hour}}},
	} {
		want.options.Bounds.Cull = 0.1
		u, err := url.Parse(text)
		require.NoError(t, err)
		path, options, err := parseURL(u)
		require.NoError(t, err, text)
		require.Equal(t, want.path, path)
		require.Equal(t, want.options, options)
	}
}

func TestWrongURLsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"sqlite:":                      "want sqlite:///absolute/path or sqlite:relative/path",
		"sqlite://tasks.db":            "want sqlite:///absolute/path or sqlite:relative/path",
		"sqlite://host/tasks.db":       "want sqlite:///absolute/path or sqlite:relative/path",
		"sqlite:t.db#top":              "want sqlite:///absolute/path or sqlite:relative/path",
		"sqlite:t.db?durable=yes":      `unknown option "durable", want one of: cull, lost_after, max_bytes, max_records, durability, lock_wait, mode, network`,
		"sqlite:t.db?durability=some":  `durability is "some", want full, normal or off`,
		"sqlite:t.db?mode=readonly":    `mode is "readonly", want ro or rw`,
		"sqlite:t.db?lock_wait=soon":   `lock_wait is "soon", want a duration like 2s`,
		"sqlite:t.db?lock_wait=-1s":    `lock_wait is "-1s", want a duration like 2s`,
		"sqlite:t.db?network=yes":      `network is "yes", want allow`,
		"sqlite:t.db?max_records=many": `max_records is "many", want a number of records`,
		"sqlite:t.db?mode=ro&mode=rw":  "option mode is given 2 times",
		"sqlite:t.db?mode=%zz":         `options "mode=%zz"`,
	} {
		u, err := url.Parse(text)
		require.NoError(t, err)
		_, _, err = parseURL(u)
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"sqlite:///a/b", "sqlite:a%20b?mode=ro", "sqlite:x?lock_wait=2s&durability=off", "sqlite:x?%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		path, options, err := parseURL(u)
		if err == nil && (path == "" || options.Durability > Off) {
			t.Fatalf("%q: path %q, options %+v", text, path, options)
		}
	})
}
