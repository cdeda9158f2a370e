package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskdb/taskdb/internal/settings"
)

// The kinds of store that --store-type names.
const (
	kindSQLite = "sqlite"
	kindMemory = "memory"
)

// whichStore are the flags that name a store: by its URL, or by its kind and its
// path, or by a node, that has one of its own; or the hub that has it.
type whichStore struct {
	url, hub, kind, path, node string
	flags                      *pflag.FlagSet
}

func (w *whichStore) register(cmd *cobra.Command) {
	w.registerWithoutHub(cmd, "sqlite:FILE, mongodb://HOST/, http://HUB, dict: or nodb:")
	w.flags.StringVar(&w.hub, "hub", "", "use the store of the hub at `URL`: http://HOST:PORT; the token is that of $"+tokenVariable)
	settings.Let(w.flags, "", "hub")
}

// registerWithoutHub adds the flags that name a store of these kinds.
func (w *whichStore) registerWithoutHub(cmd *cobra.Command, kinds string) {
	w.flags = cmd.Flags()
	w.flags.StringVar(&w.url, "store", "", "use the store at `URL`: "+kinds+" (default $"+storeVariable+", else "+defaultStoreText()+")")
	w.flags.StringVar(&w.kind, "store-type", "", "use a store of this `TYPE`: "+kindSQLite+" or "+kindMemory)
	w.flags.StringVar(&w.path, "store-path", "", "use the sqlite store in the `FILE`")
	w.flags.StringVar(&w.node, "node", "", "use the default store of the node `NAME`, in a directory of its own")
	settings.Let(w.flags, "", "store", "store-type", "store-path", "node")
}

// defaultStoreText shows the default store in the help.
func defaultStoreText() string {
	at, err := defaultLocation("")
	if err != nil {
		return "none: " + err.Error()
	}
	return at.String()
}

// locate returns the store that the flags name. Of a hub, a URL and a type or a path
// the one from the stronger place counts: the command line, the environment, the file.
// Of places alike that of a hub does.
func (w *whichStore) locate() (location, error) {
	url, part := w.origin("store").Strength, "store-type"
	if w.origin("store-path").Strength > w.origin(part).Strength {
		part = "store-path"
	}
	switch hub, parts := w.origin("hub").Strength, w.origin(part).Strength; {
	case hub > settings.Default && hub >= max(url, parts):
		return w.locateHub(max(url, parts))
	case url > parts:
		return locate(w.place("store"), w.url)
	case url == parts && url > settings.Default:
		return location{}, usage("a URL says all of it: sqlite:FILE or dict:", "%s and %s exclude each other", w.place("store"), w.place(part))
	}
	return w.locateByParts()
}

// locateHub returns the hub, unless the command line also names a store.
func (w *whichStore) locateHub(store settings.Strength) (location, error) {
	if store == settings.OnCommandLine {
		return location{}, usage("leave one of them out", "%s has a store of its own, and another is named", w.place("hub"))
	}
	const hint = "want http://HOST:PORT or https://…"
	at, err := locate(w.place("hub"), w.hub)
	var wrong *usageError
	switch {
	case errors.As(err, &wrong):
		wrong.hint = hint
	case !at.isHub():
		err = usage(hint, "%s is no URL of a hub: %q", w.place("hub"), at.String())
	}
	return at, err
}

// origin returns where the value of a flag comes from. One that is empty, or that the
// command does not have, is none.
func (w *whichStore) origin(name string) settings.Origin {
	flag := w.flags.Lookup(name)
	if flag == nil || flag.Value.String() == "" {
		return settings.Origin{Place: "default"}
	}
	return settings.OriginOf(flag)
}

// place names, in an error, where the value of a flag stands.
func (w *whichStore) place(name string) string {
	origin := w.origin(name)
	if origin.Strength == settings.InFile {
		return origin.Place + ": " + name
	}
	return origin.Place
}

// strongest returns where what says most about the store comes from.
func (w *whichStore) strongest() settings.Origin {
	strongest := settings.Origin{Place: "default"}
	for _, name := range []string{"store", "hub", "store-type", "store-path", "node"} {
		if origin := w.origin(name); origin.Strength > strongest.Strength {
			strongest = origin
		}
	}
	return strongest
}

func (w *whichStore) locateByParts() (location, error) {
	switch w.kind {
	case "", kindSQLite:
	case kindMemory:
		if w.origin("store-path").Strength >= w.origin("store-type").Strength {
			return location{}, usage("leave one of them out", "%s names a file, and a store in memory has none", w.place("store-path"))
		}
		return locate(w.place("store-type"), "dict:")
	default:
		return location{}, usage("want "+kindSQLite+" or "+kindMemory+"; others have a URL, for --store", "%s is no type of store: %q", w.place("store-type"), w.kind)
	}
	if w.path == "" {
		return w.locateOfNode()
	}
	file, err := filepath.Abs(w.path)
	return location{url: sqliteURL(file)}, err
}

// locateOfNode returns the default store of the node.
func (w *whichStore) locateOfNode() (location, error) {
	if strings.HasPrefix(w.node, ".") || strings.ContainsAny(w.node, `/\`) {
		return location{}, usage("take letters, digits, - and _", "%s is no name of a node: %q", w.place("node"), w.node)
	}
	return defaultLocation(w.node)
}
