package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taskdb/taskdb/internal/settings"
)

// configVariable is the environment variable with the path of the settings' file.
const configVariable = "TASKDB_CONFIG"

// configFlag says which file has settings.
type configFlag struct{ path string }

func (f *configFlag) register(root *cobra.Command) {
	root.PersistentFlags().StringVar(&f.path, "config", "", "read settings from the `FILE`, in TOML (default $"+configVariable+", else "+defaultConfigText()+")")
}

// defaultConfig is a file in the directory where the user's programs have their
// settings.
func defaultConfig() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "taskdb", "config.toml"), err
}

// defaultConfigText shows the default file in the help.
func defaultConfigText() string {
	path, err := defaultConfig()
	if err != nil {
		return "none: " + err.Error()
	}
	return path
}

// read reads the file that is named, or else the default one if there is one. Without
// a file it returns nil.
func (f *configFlag) read() (*settings.File, error) {
	place, path := "--config", f.path
	if path == "" {
		place, path = configVariable, os.Getenv(configVariable)
	}
	if path != "" {
		file, err := settings.ReadFile(path)
		if err != nil {
			return nil, usage("", "%s: %v", place, err)
		}
		return file, nil
	}
	path, err := defaultConfig()
	if err != nil {
		return nil, nil // there is no place where it could be
	}
	file, err := settings.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, usage("", "%v", err)
	}
	return file, nil
}

// configure gives the flags of a command what the environment and the file have for
// them.
func (f *configFlag) configure(cmd *cobra.Command) error {
	if !hasSettings(cmd.Flags()) {
		return nil
	}
	sources, err := f.sources(cmd.Root())
	if err != nil {
		return err
	}
	return wrongSetting(sources.Apply(cmd.Flags()))
}

// sources returns where settings are looked for. The file has none that no command
// knows.
func (f *configFlag) sources(root *cobra.Command) (settings.Sources, error) {
	file, err := f.read()
	if err == nil && file != nil {
		err = wrongSetting(file.Check(settingKeys(root)))
	}
	return settings.Sources{LookupEnv: os.LookupEnv, File: file}, err
}

// wrongSetting explains why a setting was refused.
func wrongSetting(err error) error {
	var unknown *settings.UnknownError
	var wrong *settings.ValueError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown) && unknown.Nearest != "":
		return usage("did you mean "+unknown.Nearest+"?", "%v", err)
	case errors.As(err, &unknown):
		return usage("see: taskdb config", "%v", err)
	case errors.As(err, &wrong):
		return usage(wantedOf(wrong.Type), "%v", err)
	}
	return usage("", "%v", err)
}

func hasSettings(flags *pflag.FlagSet) bool {
	has := false
	flags.VisitAll(func(flag *pflag.Flag) { has = has || settings.Key(flag) != "" })
	return has
}

// settingKeys returns the keys of the settings of all commands.
func settingKeys(root *cobra.Command) []string {
	var keys []string
	for _, cmd := range commandsOf(root) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) { keys = append(keys, settings.Key(flag)) })
	}
	return slices.DeleteFunc(keys, func(key string) bool { return key == "" })
}

// commandsOf returns a command and those below it.
func commandsOf(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, inner := range cmd.Commands() {
		all = append(all, commandsOf(inner)...)
	}
	return all
}
