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

const (
	// clusterRounds is how many rounds each cluster runs, in turn with the others, and
	// clusterTasks how many tiny tasks a round has.
	clusterRounds = 20
	clusterTasks  = 500
)

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
	Clock   float64 `json:"clock"`
	Methods map[string]struct {
		Calls   int     `json:"calls"`
		Seconds float64 `json:"seconds"`
	} `json:"methods"`
}

// seconds is the time that some methods took together.
func (r clusterRound) seconds(methods ...string) float64 {
	sum := 0.0
	for _, name := range methods {
		sum += r.Methods[name].Seconds
	}
	return sum
}

// storing is the time that the controller spent in its database to store the round's
// tasks. SQLiteDB commits every two seconds, and the controller waits for that too.
func (r clusterRound) storing() float64 {
	return r.seconds("get_record", "add_record", "update_record", "commit")
}

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
			r.add("a task of a cluster over the wire, to "+theirs.name, ours.kind, against(ours, theirs), target{})
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
	for range clusterRounds {
		for _, c := range clusters {
			var round clusterRound
			if err := c.python.ask(map[string]int{"tasks": clusterTasks}, &round); err != nil {
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

// against is how the time that one controller spent in its database relates to that of
// another, in each round.
func against(ours, theirs *cluster) spread {
	ratios := make([]float64, clusterRounds)
	for i := range ratios {
		ratios[i] = ours.rounds[i].storing() / theirs.rounds[i].storing()
	}
	return spreadOf(ratios)
}

// median is the median of what a figure was in the rounds.
func (c *cluster) median(figure func(clusterRound) float64) float64 {
	var values []float64
	for _, round := range c.rounds {
		values = append(values, figure(round))
	}
	return spreadOf(values).median
}

func (c *cluster) String() string {
	perTask := func(methods ...string) string {
		return number(c.median(func(r clusterRound) float64 { return r.seconds(methods...) }) / clusterTasks * 1e6)
	}
	text := fmt.Sprintf("- A cluster with %s: %s µs in the database a task (get %s, add %s, two updates %s), %s tasks a second; %s ms to find what is not completed.",
		c.name, number(c.median(clusterRound.storing)/clusterTasks*1e6), perTask("get_record"), perTask("add_record"), perTask("update_record"),
		number(clusterTasks/c.median(func(r clusterRound) float64 { return r.Clock })),
		number(c.median(func(r clusterRound) float64 { return r.seconds("find_records") })*1e3))
	if c.hub != nil {
		text += fmt.Sprintf(" The hub took %s µs of processor time a task.", number(c.processor.Seconds()/(clusterRounds*clusterTasks)*1e6))
	}
	return text
}
