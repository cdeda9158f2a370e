package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// measured are the modules whose versions the figures are of.
var measured = []string{"github.com/tidwall/btree", "go.mongodb.org/mongo-driver/v2", "modernc.org/sqlite", "zombiezen.com/go/sqlite"}

// machine says what the figures were measured on and with.
func machine(o options) string {
	words := []string{
		fmt.Sprintf("%d records, %d rounds, %d processors (%s)", o.records, o.rounds, runtime.NumCPU(), processor()),
		runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if slices.Contains(measured, module.Path) {
				words = append(words, module.Path+" "+module.Version)
			}
		}
	}
	return "Measured with " + strings.Join(words, ", ") + "."
}

// processor returns the processor's name, as far as the system tells.
func processor() string {
	info, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	defer info.Close()
	for lines := bufio.NewScanner(info); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
