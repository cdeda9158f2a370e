package backendtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Departure is a behaviour that a store cannot have, since what keeps it behaves
// otherwise. Run leaves it out; but Departures tries whether the store has come to
// have it, and then it is to be taken off its list.
type Departure struct {
	Behaviour string // its area and its sentence: "add/no records are no error"
	Reason    string // what there is instead, and who is right
	Untried   bool   // to try it takes too long, or succeeds now and then
}

// departures are those of one store, by their behaviours.
type departures map[string]Departure

func newDepartures(t *testing.T, list []Departure) departures {
	known := map[string]bool{answerKeyName: true}
	for _, area := range areas {
		for _, b := range area.behaviours {
			known[area.name+"/"+b.sentence] = true
		}
	}
	d := departures{}
	for _, departure := range list {
		require.True(t, known[departure.Behaviour], "there is no such behaviour: %s", departure.Behaviour)
		require.NotContains(t, d, departure.Behaviour, "it is listed twice")
		require.NotEmpty(t, departure.Reason, departure.Behaviour)
		d[departure.Behaviour] = departure
	}
	return d
}

// run tests a behaviour, unless it is a departure.
func (d departures) run(t *testing.T, name, sentence string, test func(t *testing.T)) {
	t.Run(sentence, func(t *testing.T) {
		if departure, isListed := d[name]; isListed {
			t.Skipf("departs: %s", departure.Reason)
		}
		test(t)
	})
}

// triedFile names the environment variable with the file to which a process writes
// the names of behaviours that it tries and the store has.
const triedFile = "TASKDB_TEST_DEPARTURES"

// Departures tries the departures of a store, which its conformance test leaves out.
// It fails if the store has one of these behaviours. As they may fail, they are tried
// in a process of their own, which runs the same test again.
func Departures(t *testing.T, open Opener, list ...Departure) {
	d := newDepartures(t, list)
	if file := os.Getenv(triedFile); file != "" {
		d.try(t, open, file)
		return
	}
	tried := filepath.Join(t.TempDir(), "tried")
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v",
		"-test.parallel=16",                          // most of their time most of them wait
		"-rapid.shrinktime=1ms", "-rapid.nofailfile") // that they fail is enough
	process.Env = append(os.Environ(), triedFile+"="+tried)
	output, err := process.CombinedOutput()
	require.Error(t, err, "none of them fails:\n%s", output)
	passed, err := os.ReadFile(tried)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	require.Empty(t, strings.Split(strings.TrimSpace(string(passed)), "\n")[0], "it is no departure any more")
	require.NotContains(t, string(output), "panic:", "the departures behind it were not tried")
}

// try tests the behaviours that are departures.
func (d departures) try(t *testing.T, open Opener, file string) {
	for _, area := range areas {
		for _, b := range area.behaviours {
			name := area.name + "/" + b.sentence
			if departure, isListed := d[name]; !isListed || departure.Untried {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { note(t, file, name) })
				b.test(t, open(t))
			})
		}
	}
}

// note writes down that the store has a behaviour, unless its test failed.
func note(t *testing.T, path, name string) {
	if t.Failed() {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintln(file, name)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}
