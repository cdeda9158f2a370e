package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/taskdb/taskdb/taskdb"
)

// figures tell of the tasks in the store, when they are asked for.
type figures struct {
	db  *taskdb.DB
	log *slog.Logger

	mu    sync.Mutex
	taken time.Time
	stats taskdb.Stats
	err   error
}

const (
	// figuresTrust is how long figures count before the store is asked again.
	figuresTrust = 5 * time.Second
	// figuresTime is how long the store may take for them.
	figuresTime = 10 * time.Second
)

var (
	storeUp      = prometheus.NewDesc("taskdb_store_up", "Is 1 if the store gives its figures, else 0.", nil, nil)
	storeTasks   = prometheus.NewDesc("taskdb_tasks", "Tasks in the store.", []string{"state"}, nil)
	storeRecords = prometheus.NewDesc("taskdb_store_records", "Records of the collection.", nil, nil)
	storeBytes   = prometheus.NewDesc("taskdb_store_record_bytes", "Bytes of BSON of the collection's records.", nil, nil)
	storeCulled  = prometheus.NewDesc("taskdb_store_culled_total", "Records that the store's bounds have removed.", nil, nil)
	storeLost    = prometheus.NewDesc("taskdb_store_lost_total", "Tasks that the store's bounds have aborted, since nobody touched them.", nil, nil)
	storeFile    = prometheus.NewDesc("taskdb_store_file_bytes", "Bytes of the store's file.", nil, nil)
	storeFree    = prometheus.NewDesc("taskdb_store_file_free_bytes", "Bytes of the store's file that are free for what comes.", nil, nil)
)

// watchStore adds the figures of a store.
func (m *metrics) watchStore(db *taskdb.DB, log *slog.Logger) {
	m.registry.MustRegister(&figures{db: db, log: log})
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{
		storeUp, storeTasks, storeRecords, storeBytes, storeCulled, storeLost, storeFile, storeFree,
	} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(metrics chan<- prometheus.Metric) {
	stats, err := f.take()
	gauge := func(description *prometheus.Desc, value int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, float64(value), labels...)
	}
	if err != nil {
		gauge(storeUp, 0)
		return
	}
	gauge(storeUp, 1)
	for _, state := range []taskdb.State{
		taskdb.StatePending, taskdb.StateRunning, taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted,
	} {
		gauge(storeTasks, stats.States[state], string(state))
	}
	gauge(storeRecords, stats.Records)
	gauge(storeBytes, stats.Bytes)
	metrics <- prometheus.MustNewConstMetric(storeCulled, prometheus.CounterValue, float64(stats.Culled))
	metrics <- prometheus.MustNewConstMetric(storeLost, prometheus.CounterValue, float64(stats.Lost))
	if stats.FileBytes > 0 {
		gauge(storeFile, stats.FileBytes)
		gauge(storeFree, stats.FreeBytes)
	}
}

// take returns the figures, which several who ask at a time share.
func (f *figures) take() (taskdb.Stats, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.taken) < figuresTrust {
		return f.stats, f.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
	defer cancel()
	if f.stats, f.err = f.db.Stats(ctx); f.err != nil {
		f.log.Error("the store does not give its figures", "error", f.err)
	}
	f.taken = time.Now()
	return f.stats, f.err
}
