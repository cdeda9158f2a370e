// Command bench measures taskdb beside the same work written by hand for each
// question, and beside IPython parallel's task databases: in one run, in turn, on
// the same records, with the answers compared before times count. It prints
// medians of ratios, with their quartiles.
//
//	cd bench && go run .
//
// Python with ipyparallel 7.1 (Debian: python3-ipyparallel) answers for IPython;
// without it its figures are left out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"syscall"
)

// options are the command's flags.
type options struct {
	records int
	growth  int
	rounds  int
	only    *regexp.Regexp
	python  string
	cluster string
	// clusterTasks is how many tasks each cluster runs.
	clusterTasks int
	dir          string
	profile      string
	peak         string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	o, err := parseFlags(arguments)
	if err != nil {
		return err
	}
	if o.peak != "" {
		return printPeak(ctx, o, os.Stdout)
	}
	if o.dir, err = os.MkdirTemp(o.dir, "taskdb-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	r := &report{stores: []string{"dict", "sqlite", "mongo"}}
	for _, measure := range []func(context.Context, options, *report) error{benchSQLite, benchDict, benchMongo, benchGrowth, benchParsing, benchHub, benchCluster} {
		if err := measure(ctx, o, r); err != nil {
			return errors.Join(err, r.write(os.Stdout)) // what took minutes is not lost
		}
	}
	r.note(machine(o))
	return r.write(os.Stdout)
}

func parseFlags(arguments []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.records, "records", 100_000, "how many records the stores have")
	flags.IntVar(&o.growth, "growth", 1_000_000, "how many records the large store has that is compared to one of 10,000; 0 leaves that out")
	flags.IntVar(&o.rounds, "rounds", 15, "how many rounds each ratio is the median of")
	flags.StringVar(&o.python, "python", "/usr/bin/python3", "the Python that has ipyparallel; empty leaves IPython out")
	flags.StringVar(&o.cluster, "cluster", "", "a Python with ipyparallel and pymongo, to run real clusters of; empty leaves them out")
	flags.IntVar(&o.clusterTasks, "cluster-tasks", 10_000, "how many tiny tasks each cluster runs")
	flags.StringVar(&o.dir, "dir", "", "where the files of the stores are made; the system's directory for temporary files if empty")
	flags.StringVar(&o.profile, "cpuprofile", "", "where to write a profile of what is timed, both sides")
	flags.StringVar(&o.peak, "peak", "", "ask all questions of the store of this URL, and print only how many bytes the process took; it is how this program measures memory")
	only := flags.String("only", "", "measure only the figures that this regular expression matches, as dict/unfinished, to by hand")
	if err := flags.Parse(arguments); err != nil {
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	return o, nil
}

// startProfile begins to write a profile, if one is wanted, until stop.
func (o options) startProfile() (stop func() error, err error) {
	if o.profile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(o.profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}
