package settings_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/internal/settings"
)

// command is the flags of a command that serves.
type command struct {
	*pflag.FlagSet
	store  string
	wait   time.Duration
	secure bool
	many   int
	queues []string
	local  string // no setting
}

func newCommand() *command {
	c := &command{FlagSet: pflag.NewFlagSet("serve", pflag.ContinueOnError)}
	c.StringVar(&c.store, "store", "default", "")
	c.DurationVar(&c.wait, "stop-wait", time.Second, "")
	c.BoolVar(&c.secure, "secure", false, "")
	c.IntVar(&c.many, "many", 1, "")
	c.StringArrayVar(&c.queues, "queue", []string{"a"}, "")
	c.StringVar(&c.local, "local", "", "")
	settings.Let(c.FlagSet, "", "store")
	settings.Let(c.FlagSet, "serve", "stop-wait", "secure", "many", "queue")
	return c
}

// apply gives the flags what is said on a command line, in the environment and in a
// file.
func (c *command) apply(t *testing.T, args []string, env map[string]string, file string) error {
	require.NoError(t, c.Parse(args))
	read, err := settings.ReadFile(writeFile(t, file))
	require.NoError(t, err)
	return settings.Sources{
		LookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		File:      read,
	}.Apply(c.FlagSet)
}

func writeFile(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "config.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// TestStrength holds that the command line is stronger than the environment, that
// stronger than the file, and that stronger than the default.
func TestStrength(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		env      map[string]string
		file     string
		want     string
		strength settings.Strength
		place    string
	}{
		"none":         {want: "default", strength: settings.Default, place: "default"},
		"file":         {nil, nil, `store = "f"`, "f", settings.InFile, "config.toml"},
		"environment":  {nil, map[string]string{"TASKDB_STORE": "e"}, ``, "e", settings.InEnvironment, "TASKDB_STORE"},
		"command line": {[]string{"--store=c"}, nil, ``, "c", settings.OnCommandLine, "--store"},
		"environment over file": {nil, map[string]string{"TASKDB_STORE": "e"}, `store = "f"`,
			"e", settings.InEnvironment, "TASKDB_STORE"},
		"command line over file": {[]string{"--store=c"}, nil, `store = "f"`, "c", settings.OnCommandLine, "--store"},
		"command line over all": {[]string{"--store=c"}, map[string]string{"TASKDB_STORE": "e"}, `store = "f"`,
			"c", settings.OnCommandLine, "--store"},
		"empty on the command line": {[]string{"--store="}, map[string]string{"TASKDB_STORE": "e"}, ``,
			"", settings.OnCommandLine, "--store"},
		"empty in the environment": {nil, map[string]string{"TASKDB_STORE": ""}, `store = "f"`,
			"f", settings.InFile, "config.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			command := newCommand()
			require.NoError(t, command.apply(t, c.args, c.env, c.file))
			require.Equal(t, c.want, command.store)
			origin := settings.OriginOf(command.Lookup("store"))
			require.Equal(t, settings.Origin{Strength: c.strength, Place: c.place},
				settings.Origin{Strength: origin.Strength, Place: filepath.Base(origin.Place)})
			require.Equal(t, c.args != nil, command.Changed("store"), "only the command line changes a flag")
		})
	}
}

// TestValues holds that a value is written in the environment and in the file in
// the manner of each.
func TestValues(t *testing.T) {
	inFile, inEnvironment := newCommand(), newCommand()
	require.NoError(t, inFile.apply(t, nil, nil, `
store = "s"
[serve]
stop-wait = "1m30s"
secure = true
many = 3
queue = ["x", "y,z"]
`))
	require.NoError(t, inEnvironment.apply(t, nil, map[string]string{
		"TASKDB_STORE":           "s",
		"TASKDB_SERVE_STOP_WAIT": "1m30s",
		"TASKDB_SERVE_SECURE":    "true",
		"TASKDB_SERVE_MANY":      "3",
		"TASKDB_SERVE_QUEUE":     "x,y,z",
		"TASKDB_LOCAL":           "not a setting",
	}, ``))
	for _, c := range []*command{inFile, inEnvironment} {
		require.Equal(t, "s", c.store)
		require.Equal(t, 90*time.Second, c.wait)
		require.True(t, c.secure)
		require.Equal(t, 3, c.many)
		require.Empty(t, c.local)
	}
	require.Equal(t, []string{"x", "y,z"}, inFile.queues)
	require.Equal(t, []string{"x", "y", "z"}, inEnvironment.queues)
}

func TestWrongValues(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		file string
		want string
	}{
		"environment": {map[string]string{"TASKDB_SERVE_MANY": "x"}, ``, `TASKDB_SERVE_MANY: strconv.ParseInt: parsing "x": invalid syntax`},
		"file":        {nil, "[serve]\nstop-wait = 3", `config.toml: serve.stop-wait: time: missing unit in duration "3"`},
		"list":        {nil, `store = ["a", "b"]`, "config.toml: store: it takes one value and not several"},
	} {
		t.Run(name, func(t *testing.T) {
			var wrong *settings.ValueError
			err := newCommand().apply(t, nil, c.env, c.file)
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWrongFiles(t *testing.T) {
	_, err := settings.ReadFile(filepath.Join(t.TempDir(), "config.toml"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	for text, want := range map[string]string{
		"store = ":               "toml",
		"store = 2026-11-22":     "store: a setting is a string, a number, true, false or a list of them",
		"store = [[{a = 1}]]":    "store: a setting is a string, a number, true, false or a list of them",
		"store = 'a'\nstore = 2": "toml",
		"[[serve]]\nhttp = 'a'":  "serve: a setting is a string, a number, true, false or a list of them",
	} {
		_, err := settings.ReadFile(writeFile(t, text))
		require.ErrorContains(t, err, want, text)
	}
}

func TestUnknownKeys(t *testing.T) {
	check := func(text string) error {
		file, err := settings.ReadFile(writeFile(t, text))
		require.NoError(t, err)
		return file.Check([]string{"store", "serve.http", "serve.mongo"})
	}
	require.NoError(t, check("store = 'a'\n[serve]\nhttp = 'a'\nmongo = 'b'"))
	for text, want := range map[string]struct{ key, nearest string }{
		"stoer = 'a'":                     {"stoer", "store"},
		"[serve]\nhtp = 'a'\nmongo = 'b'": {"serve.htp", "serve.http"},
		"colour = 'red'":                  {"colour", ""},
		"http = 'a'":                      {"http", "serve.http"},
		"[serve.http]\naddress = 'a'":     {"serve.http.address", ""},
	} {
		var unknown *settings.UnknownError
		require.ErrorAs(t, check(text), &unknown, text)
		require.Equal(t, want.key, unknown.Key)
		require.Equal(t, want.nearest, unknown.Nearest, text)
	}
}
