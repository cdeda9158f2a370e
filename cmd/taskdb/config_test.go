package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhichSetting holds that a store is named by the command line, else by the
// environment, else by the file of settings, whether by its URL or by its type, path
// and node.
func TestWhichSetting(t *testing.T) {
	state := t.TempDir()
	own := "sqlite://" + state + "/taskdb/"
	here, err := filepath.Abs("x.db")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		file string
		want string
	}{
		"default":                          {nil, nil, ``, own + "tasks.db"},
		"node":                             {[]string{"--node", "n1"}, nil, ``, own + "n1/tasks.db"},
		"node of the environment":          {nil, map[string]string{"TASKDB_NODE": "n1"}, ``, own + "n1/tasks.db"},
		"node of the file":                 {nil, nil, `node = "n1"`, own + "n1/tasks.db"},
		"type and node":                    {nil, map[string]string{"TASKDB_STORE_TYPE": "sqlite", "TASKDB_NODE": "n1"}, ``, own + "n1/tasks.db"},
		"memory":                           {nil, map[string]string{"TASKDB_STORE_TYPE": "memory", "TASKDB_NODE": "n1"}, ``, "dict:"},
		"path":                             {nil, map[string]string{"TASKDB_STORE_PATH": "x.db", "TASKDB_NODE": "n1"}, ``, "sqlite://" + here},
		"URL over the path of the file":    {[]string{"--store", "dict:?max_bytes=0"}, nil, `store-path = "x.db"`, "dict:?max_bytes=0"},
		"path over the URL of the file":    {nil, map[string]string{"TASKDB_STORE_PATH": "x.db"}, `store = "dict:"`, "sqlite://" + here},
		"type over the environment's URL":  {[]string{"--store-type", "memory"}, map[string]string{"TASKDB_STORE": "sqlite:y.db"}, ``, "dict:"},
		"memory over the path of the file": {[]string{"--store-type", "memory"}, nil, `store-path = "x.db"`, "dict:"},
		"an empty URL is none":             {[]string{"--store", ""}, nil, `node = "n1"`, own + "n1/tasks.db"},
		"the command's line over the file": {[]string{"--node", "n2"}, nil, `node = "n1"`, own + "n2/tasks.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(storeVariable, "")
			t.Setenv("XDG_STATE_HOME", state)
			t.Setenv(configVariable, writeFile(t, "config.toml", c.file))
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			require.Equal(t, c.want+"\n", onStore(t, append([]string{"store"}, c.args...)...))
		})
	}
}

func TestWrongSettings(t *testing.T) {
	file := func(text string) string { return writeFile(t, "config.toml", text) }
	misspelt, broken, colour, twoStores := file("stoer = 'dict:'"), file("store = "), file("store = 'x:'"), file("store = 'dict:'\nstore-type = 'memory'")
	for name, c := range map[string]struct {
		config string
		args   []string
		want   string
	}{
		"misspelt": {misspelt, []string{"count"}, "taskdb count: " + misspelt + ": there is no setting stoer\ndid you mean store?\n"},
		"broken":   {broken, []string{"count"}, "taskdb count: TASKDB_CONFIG: read settings: " + broken + ": toml: "},
		"value": {colour, []string{"count"}, "taskdb count: " + colour + ": store is of no kind of store: \"x:\"\n" +
			"want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:\n"},
		"no such file": {"/nowhere.toml", []string{"count"}, "taskdb count: TASKDB_CONFIG: read settings: open /nowhere.toml: no such file or directory\n"},
		"two stores": {twoStores, []string{"count"}, "taskdb count: " + twoStores + ": store and " + twoStores + ": store-type exclude each other\n" +
			"a URL says all of it: sqlite:FILE or dict:\n"},
		"two stores in the line": {"", []string{"count", "--store", "dict:", "--store-path", "x"}, "taskdb count: --store and --store-path exclude each other\n"},
		"file in memory":         {"", []string{"count", "--store-type", "memory", "--store-path", "x"}, "taskdb count: --store-path names a file, and a store in memory has none\nleave one of them out\n"},
		"type":                   {"", []string{"count", "--store-type", "bolt"}, "taskdb count: --store-type is no type of store: \"bolt\"\nwant sqlite or memory; others have a URL, for --store\n"},
		"node":                   {"", []string{"count", "--node", "../x"}, "taskdb count: --node is no name of a node: \"../x\"\ntake letters, digits, - and _\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(storeVariable, "")
			if c.config != "" {
				t.Setenv(configVariable, c.config)
			}
			got := taskdbRun(t, "", c.args...)
			require.Equal(t, exitUsage, got.code)
			require.Contains(t, got.stderr, c.want)
			require.Equal(t, exitOK, taskdbRun(t, "", "version").code, "what has no settings works all the same")
		})
	}
}

// TestConfig holds that config shows each setting once, with what is in force and
// where it is from, and no secret.
func TestConfig(t *testing.T) {
	config := writeFile(t, "config.toml", "store = 'mongodb://me:secret@x/'\n")
	t.Setenv(storeVariable, "")
	t.Setenv(configVariable, config)
	t.Setenv("TASKDB_COLLECTION", "a.b")
	got := onStore(t, "config")
	require.Contains(t, got, `{"setting":"collection","value":"a.b","from":"TASKDB_COLLECTION"}`+"\n")
	require.Contains(t, got, `{"setting":"store","value":"mongodb://me:xxxxx@x/","from":"`+config+`"}`+"\n")
	require.Contains(t, got, `{"setting":"store-type","value":"","from":"default"}`+"\n")
	require.NotContains(t, got, "secret")

	got = onStore(t, "config", "--store", "dict:")
	require.Contains(t, got, `{"setting":"store","value":"dict:","from":"--store"}`+"\n")
}

// TestConfigFlag holds that --config names the file, and that without a name the one
// in the directory for settings is read.
func TestConfigFlag(t *testing.T) {
	t.Setenv(storeVariable, "")
	t.Setenv(configVariable, writeFile(t, "config.toml", "store = 'dict:'"))
	other := writeFile(t, "other.toml", "store = 'nodb:'")
	require.Equal(t, "dict:\n", onStore(t, "store"))
	require.Equal(t, "nodb:\n", onStore(t, "store", "--config", other))

	home := t.TempDir()
	t.Setenv(configVariable, "")
	t.Setenv("XDG_CONFIG_HOME", home)
	require.Contains(t, onStore(t, "store"), "tasks.db\n")
	require.NoError(t, os.Mkdir(filepath.Join(home, "taskdb"), 0o700))
	require.NoError(t, os.Rename(other, filepath.Join(home, "taskdb", "config.toml")))
	require.Equal(t, "nodb:\n", onStore(t, "store"))
}
