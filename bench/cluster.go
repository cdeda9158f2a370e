package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

//go:embed cluster.py
var clusterScript string

//go:embed timed.py
var timedDatabases []byte

// tasksARound is how many tiny tasks a cluster runs in a round, in turn with the others.
const tasksARound = 500

// cluster is a real cluster of ipyparallel, whose controller is told to keep its tasks
// in a database of timed.py.
type cluster struct {
	name, class string
	kind        string // of the store that it has through a hub; empty: none

	hub       *served
	python    *python
	rounds    []clusterRound
	processor time.Duration // that the hub took
}

// clusterRound is what the tasks of a round took; see cluster.py.
type clusterRound struct {
	Clock   float64           `json:"clock"`
	Methods map[string]method `json:"methods"`
}

// method is what the calls of a database's method took: on the clock, and of the
// controller's processor time.
type method struct {
	Seconds   float64 `json:"seconds"`
	Processor float64 `json:"processor"`
}

// methods is what some methods took together.
func (r clusterRound) methods(names ...string) (sum method) {
	for _, name := range names {
		sum.Seconds += r.Methods[name].Seconds
		sum.Processor += r.Methods[name].Processor
	}
	return sum
}

// storing is what the controller spent in its database to store the round's tasks.
// SQLiteDB commits every two seconds, and the controller waits for that too.
func (r clusterRound) storing() method {
	return r.methods("get_record", "add_record", "update_record", "commit")
}

// asking is what it then spent to find the tasks that are not completed, in all of the
// rounds so far.
func (r clusterRound) asking() method { return r.methods("find_records") }

// benchCluster compares what the controller of a real cluster spends in its task
// database for each task: in ipyparallel's own, and in its MongoDB, which is a hub.
func benchCluster(ctx context.Context, o options, r *report) (err error) {
	if o.cluster == "" {
		return nil
	}
	program, err := buildProgram(ctx, o)
	if err != nil {
		return err
	}
	dict, sqlite := &cluster{name: "DictDB", class: "TimedDictDB"}, &cluster{name: "SQLiteDB", class: "TimedSQLiteDB"}
	onDict := &cluster{name: "MongoDB on taskdb, dict", class: "TimedMongoDB", kind: "dict"}
	onSQLite := &cluster{name: "MongoDB on taskdb, sqlite", class: "TimedMongoDB", kind: "sqlite"}
	clusters := []*cluster{dict, sqlite, onDict, onSQLite}
	if err := runClusters(ctx, o, program, clusters, r); err != nil {
		return err
	}
	for _, ours := range []*cluster{onDict, onSQLite} {
		for _, theirs := range []*cluster{dict, sqlite} {
			r.add("storing a task of a cluster, to "+theirs.name, ours.kind, against(ours, theirs, clusterRound.storing), target{})
			r.add("asking what a cluster has not completed, to "+theirs.name, ours.kind, against(ours, theirs, clusterRound.asking), target{})
		}
	}
	for _, c := range clusters {
		r.note(c.String())
	}
	return nil
}

// runClusters runs the rounds of the clusters in turn, and stops the clusters.
func runClusters(ctx context.Context, o options, program string, clusters []*cluster, r *report) (err error) {
	for _, c := range clusters {
		defer func() { err = errors.Join(err, c.stop()) }()
		versions, err := c.start(ctx, o, program)
		if err != nil {
			return fmt.Errorf("start a cluster with %s: %w", c.name, err)
		}
		if c == clusters[0] {
			r.note("A cluster: " + versions + ".")
		}
	}
	for range max(1, o.clusterTasks/tasksARound) {
		for _, c := range clusters {
			var round clusterRound
			if err := c.python.ask(map[string]int{"tasks": tasksARound}, &round); err != nil {
				return fmt.Errorf("run a cluster with %s: %w", c.name, err)
			}
			c.rounds = append(c.rounds, round)
		}
	}
	return nil
}

// start starts the cluster, with the hub that it needs, and returns the versions of
// what it runs with.
func (c *cluster) start(ctx context.Context, o options, program string) (versions string, err error) {
	directory, err := os.MkdirTemp(o.dir, "cluster-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(directory, "timed.py"), timedDatabases, 0o600); err != nil {
		return "", err
	}
	settings := "c.DictDB.record_limit = c.DictDB.size_limit = 2**62\nc.MongoDB.connection_kwargs = {'tz_aware': True}\n"
	if c.kind != "" {
		if c.hub, err = serve(ctx, program, c.kind, directory); err != nil {
			return "", err
		}
		settings += fmt.Sprintf("c.MongoDB.connection_args = [%q]\n", c.hub.mongo)
	}
	if c.python, err = startPython(ctx, o.cluster, clusterScript, directory, c.class, settings); err != nil {
		return "", err
	}
	var started struct {
		Versions string `json:"versions"`
	}
	err = c.python.listen(&started)
	return started.Versions, err
}

// stop ends what was started.
func (c *cluster) stop() (err error) {
	if c.python != nil {
		err = c.python.Close()
	}
	if c.hub != nil {
		var ended error
		c.processor, ended = c.hub.stop()
		err = errors.Join(err, ended)
	}
	return err
}

// against is how what one controller spent in its database relates to what another did,
// in each round.
func against(ours, theirs *cluster, spent func(clusterRound) method) spread {
	ratios := make([]float64, len(ours.rounds))
	for i := range ratios {
		ratios[i] = spent(ours.rounds[i]).Seconds / spent(theirs.rounds[i]).Seconds
	}
	return spreadOf(ratios)
}

// perTask is the median over the rounds of what each took, for one task in microseconds.
func (c *cluster) perTask(seconds func(clusterRound) float64) string {
	var values []float64
	for _, round := range c.rounds {
		values = append(values, seconds(round)/tasksARound*1e6)
	}
	return number(spreadOf(values).median)
}

func (c *cluster) String() string {
	clock := func(methods ...string) string {
		return c.perTask(func(r clusterRound) float64 { return r.methods(methods...).Seconds })
	}
	text := fmt.Sprintf("- A cluster with %s: %s µs in the database a task (get %s, add %s, both updates %s), %s of them of the controller's processor time; "+
		"%s µs from end to end.", c.name, c.perTask(func(r clusterRound) float64 { return r.storing().Seconds }),
		clock("get_record"), clock("add_record"), clock("update_record"),
		c.perTask(func(r clusterRound) float64 { return r.storing().Processor }),
		c.perTask(func(r clusterRound) float64 { return r.Clock }))
	if c.hub != nil {
		text += fmt.Sprintf(" The hub took %s µs of processor time a task.", number(c.processor.Seconds()/float64(len(c.rounds)*tasksARound)*1e6))
	}
	return text
}
