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
// otherwise. It is left out of the conformance test; but it is tried whether the
// store has come to have it, and then it is to be taken off its list.
type Departure struct {
	Behaviour string // its area and its sentence: "add/no records are no error"
	Reason    string // what there is instead, and who is right
	Slow      bool   // it takes so long that it is not tried
}

// departuresFile names the environment variable with the file to which the names of
// behaviours go that the store has come to have. Where it is set, only departures
// are tried.
const departuresFile = "TASKDB_TEST_DEPARTURES"

// departures are those of one store.
type departures struct {
	listed map[string]Departure
	tried  string // the file of departuresFile, or empty
}

func newDepartures(t *testing.T, list []Departure, areas []area) *departures {
	d := &departures{listed: map[string]Departure{}, tried: os.Getenv(departuresFile)}
	known := map[string]bool{answerKeyName: true}
	for _, area := range areas {
		for _, b := range area.behaviours {
			known[area.name+"/"+b.sentence] = true
		}
	}
	for _, departure := range list {
		require.True(t, known[departure.Behaviour], "there is no such behaviour: %s", departure.Behaviour)
		require.NotContains(t, d.listed, departure.Behaviour, "it is listed twice")
		require.NotEmpty(t, departure.Reason, departure.Behaviour)
		d.listed[departure.Behaviour] = departure
	}
	return d
}

// run tests a behaviour, unless it is a departure; or, where departures are tried,
// if it is one.
func (d *departures) run(t *testing.T, name, sentence string, test func(t *testing.T)) {
	departure, isListed := d.listed[name]
	switch {
	case d.tried == "" && isListed:
		t.Run(sentence, func(t *testing.T) { t.Skipf("departs: %s", departure.Reason) })
	case d.tried == "":
		t.Run(sentence, test)
	case isListed && !departure.Slow && t.Run(sentence, test):
		d.note(t, name)
	}
}

// note writes down that the store has a behaviour.
func (d *departures) note(t *testing.T, name string) {
	file, err := os.OpenFile(d.tried, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintln(file, name)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

// check tries the departures in a process of their own, where they may fail.
func (d *departures) check(t *testing.T) {
	if d.tried != "" || len(d.listed) == 0 {
		return
	}
	name := t.Name()
	t.Run("departures", func(t *testing.T) {
		tried := filepath.Join(t.TempDir(), "tried")
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+regexp.QuoteMeta(name)+"$", "-test.v",
			"-rapid.shrinktime=1ms", "-rapid.nofailfile") // that they fail is enough
		process.Env = append(os.Environ(), departuresFile+"="+tried)
		output, err := process.CombinedOutput()
		require.Error(t, err, "none of them fails:\n%s", output)
		passed, err := os.ReadFile(tried)
		if !os.IsNotExist(err) {
			require.NoError(t, err)
		}
		for _, behaviour := range strings.Split(strings.TrimSpace(string(passed)), "\n") {
			require.Empty(t, behaviour, "it is no departure any more")
		}
		require.NotContains(t, string(output), "panic:", "the departures behind it were not tried")
	})
}
