// Package settings gives flags the values that a command line leaves out: that of
// the environment, else that of a file.
//
// A setting is a flag of one command or of several. Its key is the flag's name or,
// if only one command has it, "command.name": "store", "serve.http". The environment
// has it as TASKDB_STORE and TASKDB_SERVE_HTTP; the file, in TOML, as
//
//	store = "sqlite:/var/lib/tasks.db"
//
//	[serve]
//	http = "127.0.0.1:4417"
package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// The annotations of a flag that is a setting.
const (
	keyAnnotation    = "taskdb_setting"
	originAnnotation = "taskdb_origin"
)

// Let makes settings of flags. The command that alone has them is named, or empty.
func Let(flags *pflag.FlagSet, command string, names ...string) {
	for _, name := range names {
		key := name
		if command != "" {
			key = command + "." + name
		}
		annotate(flags, name, keyAnnotation, key)
	}
}

// annotate panics if there is no such flag.
func annotate(flags *pflag.FlagSet, name, annotation string, values ...string) {
	if err := flags.SetAnnotation(name, annotation, values); err != nil {
		panic(err)
	}
}

// Key returns the key of the setting that a flag is, or empty.
func Key(flag *pflag.Flag) string { return strings.Join(flag.Annotations[keyAnnotation], "") }

// Variable returns the environment's name of a setting.
func Variable(key string) string {
	return "TASKDB_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// Strength tells which of several places that have a value counts: the greater.
type Strength int

const (
	Default       Strength = iota // no place has a value
	InFile                        // that of the settings
	InEnvironment                 // as a variable
	OnCommandLine                 // as a flag
)

// Origin is where the value of a flag comes from.
type Origin struct {
	Strength Strength
	// Place is the flag, the variable or the path of the file; "default" is none.
	Place string
}

// OriginOf returns where the value of a flag comes from.
func OriginOf(flag *pflag.Flag) Origin {
	if flag.Changed {
		return Origin{OnCommandLine, "--" + flag.Name}
	}
	switch place := flag.Annotations[originAnnotation]; {
	case place == nil:
		return Origin{Default, "default"}
	case place[0] == Variable(Key(flag)):
		return Origin{InEnvironment, place[0]}
	default:
		return Origin{InFile, place[0]}
	}
}

// Sources are where values are looked for.
type Sources struct {
	// LookupEnv is os.LookupEnv. A variable that is empty is one that is not set.
	LookupEnv func(name string) (string, bool)
	// File may be nil.
	File *File
}

// Apply gives each of the flags that is a setting, and that the command line does not
// have, the value of the environment or else of the file. It does not make a flag a
// changed one.
func (s Sources) Apply(flags *pflag.FlagSet) error {
	var failed []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if key := Key(flag); key != "" && !flag.Changed {
			failed = append(failed, s.apply(flags, flag, key))
		}
	})
	return errors.Join(failed...)
}

func (s Sources) apply(flags *pflag.FlagSet, flag *pflag.Flag, key string) error {
	place, values := Variable(key), []string(nil)
	if text, _ := s.LookupEnv(place); text != "" {
		values = []string{text}
		if _, isList := flag.Value.(pflag.SliceValue); isList {
			values = strings.Split(text, ",")
		}
	} else if s.File != nil && s.File.values[key] != nil {
		place, values = s.File.path, s.File.values[key]
	}
	if values == nil {
		return nil
	}
	if err := set(flag.Value, values); err != nil {
		return &ValueError{place, key, flag.Value.Type(), err}
	}
	annotate(flags, flag.Name, originAnnotation, place)
	return nil
}

func set(value pflag.Value, values []string) error {
	if list, isList := value.(pflag.SliceValue); isList {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return errors.New("it takes one value and not several")
	}
	return value.Set(values[0])
}

// ValueError says that a setting cannot have the value that it is given.
type ValueError struct {
	Place string // a variable or the path of a file
	Key   string
	Type  string // of the flag's value
	Err   error
}

// Error says where the value stands, of which setting it is, and what is wrong with
// it.
func (e *ValueError) Error() string {
	if e.Place == Variable(e.Key) {
		return fmt.Sprintf("%s: %v", e.Place, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Place, e.Key, e.Err)
}

// Unwrap returns what is wrong with the value.
func (e *ValueError) Unwrap() error { return e.Err }
