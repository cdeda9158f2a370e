//go:build !race

package pcre

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Package regexp takes its room from pools, and the race detector has a pool forget some
// of what it is given, so that it is asked without.
func TestMatchDoesNotAllocate(t *testing.T) {
	s := []byte("group_a/subgroup_17")
	for _, pattern := range []string{"subgroup", "^group_a", `sub\w+_\d+$`, "(?i)SUB"} {
		re, err := Compile(pattern, "")
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = re.Match(s) }), pattern)
	}
}
