package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// storeVariable is the environment variable with the URL of the store.
const storeVariable = "TASKDB_STORE"

// hubVariable is the environment variable with the URL of the hub.
const hubVariable = "TASKDB_HUB"

// tokenVariable is the environment variable with the token for a hub.
const tokenVariable = "TASKDB_TOKEN"

// location says where a store is.
type location struct {
	url  *url.URL
	file string // of the default store, else empty
}

// locate returns the store that text names, which stands in the named place: a
// flag, a variable of the environment or a file of settings.
func locate(place, text string) (location, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "@"): // the error has the text, and that a password
		return location{}, usage(storeHint, "%s is no URL", place)
	case err != nil:
		return location{}, usage(storeHint, "%s is no URL: %v", place, err)
	case u.Scheme == "":
		return location{}, usage("write a file as sqlite:"+text, "%s is no URL: %q", place, text)
	case !slices.Contains(schemes, u.Scheme):
		return location{}, usage(storeHint, "%s is of no kind of store: %q", place, u.Redacted())
	case u.Host == "" && isOnNetwork(u):
		return location{}, usage(storeHint, "%s has no host", place)
	}
	return location{url: u}, nil
}

// schemes are those of the backends that the program imports.
var schemes = []string{"dict", "http", "https", "mongodb", "mongodb+srv", "nodb", "sqlite"}

const storeHint = "want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:"

// defaultLocation is a file in the directory where the user's programs keep their
// state, or that of a node there.
func defaultLocation(node string) (location, error) {
	dir, err := stateDir()
	if err != nil {
		return location{}, usage("name one: --store sqlite:FILE", "there is no place for the default store: %v", err)
	}
	file := filepath.Join(dir, "taskdb", node, "tasks.db")
	return location{sqliteURL(file), file}, nil
}

// stateDir returns the directory for what programs keep of a user: on Unix that of
// the XDG base directory specification, which takes no relative path.
func stateDir() (string, error) {
	switch runtime.GOOS {
	case "windows":
		return os.UserCacheDir() // %LocalAppData%
	case "darwin":
		return os.UserConfigDir() // ~/Library/Application Support
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}

// sqliteURL returns the URL of the store in a file, by its absolute path.
func sqliteURL(file string) *url.URL {
	path := filepath.ToSlash(file)
	if strings.HasPrefix(path, "/") {
		return &url.URL{Scheme: "sqlite", Path: path}
	}
	return &url.URL{Scheme: "sqlite", Opaque: (&url.URL{Path: path}).EscapedPath()} // C:/…
}

// prepare makes the directory of the default store, for its owner alone, and tells
// whether the store has yet to be created.
func (l location) prepare() (isNew bool, err error) {
	if l.file == "" {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(l.file), 0o700); err != nil {
		return false, fmt.Errorf("create the store's directory: %w", err)
	}
	_, err = os.Stat(l.file)
	return os.IsNotExist(err), nil
}

// readOnly returns the URL with which a store can be read while another process
// writes to it.
func (l location) readOnly() string {
	if l.url.Scheme != "sqlite" || l.url.Query().Has("mode") {
		return l.url.String()
	}
	u := *l.url
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&mode=ro", "&")
	return u.String()
}

// path returns the path of the file that the store is in, or empty.
func (l location) path() string {
	if l.url.Scheme != "sqlite" {
		return ""
	}
	path, err := url.PathUnescape(l.url.Opaque)
	if err != nil || path == "" {
		path = l.url.Path
	}
	return filepath.FromSlash(path)
}

// isOnNetwork tells whether a URL is that of a server.
func isOnNetwork(u *url.URL) bool {
	return strings.HasPrefix(u.Scheme, "http") || strings.HasPrefix(u.Scheme, "mongodb")
}

// isHub tells whether the store is one behind a hub.
func (l location) isHub() bool { return l.url.Scheme == "http" || l.url.Scheme == "https" }

// String returns the URL without a password.
func (l location) String() string { return l.url.Redacted() }
