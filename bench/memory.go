package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"github.com/taskdb/taskdb/taskdb"
)

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// memoryOf returns how many bytes a process of its own takes that opens a store
// and answers all questions, at its peak: heap, SQLite's memory, stacks, and the
// program itself.
func memoryOf(ctx context.Context, o options, url string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	process := exec.CommandContext(ctx, self, "-records", strconv.Itoa(o.records), "-peak", url)
	process.Stderr = os.Stderr
	out, err := process.Output()
	if err != nil {
		return 0, fmt.Errorf("measure the memory of %s: %w", url, err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}

// printPeak is what that process does.
func printPeak(ctx context.Context, o options, w io.Writer) error {
	db, err := taskdb.Open(ctx, o.peak)
	if err != nil {
		return err
	}
	for _, q := range questionsOf(newTaskSet(o.records)) {
		if err := q.raw(ctx, db, func([]byte) {}); err != nil {
			return errors.Join(err, db.Close())
		}
	}
	peak, err := peakMemory()
	if err != nil {
		return errors.Join(err, db.Close())
	}
	fmt.Fprintln(w, peak)
	return db.Close()
}

// peakMemory returns how many bytes of this process were in memory at once at the
// most, its code included.
func peakMemory() (int64, error) {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if size, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(size), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("/proc/self/status has no VmHWM")
}
