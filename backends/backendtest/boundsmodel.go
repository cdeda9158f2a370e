package backendtest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// What a store of modelRecords keeps, which frees modelCull at once.
const (
	modelRecords = 8
	modelCull    = 3
)

var modelled = []boundedBehaviour{
	{"whatever is done, a store keeps and remembers what a simple one does", fmt.Sprintf("max_records=%d&cull=0.4", modelRecords), keepsLikeModel},
}

// modelTask is a task of a model. Its time is that of its submission, none being
// the first.
type modelTask struct {
	id       string
	time     int
	finished bool
}

// model is a bounded store, of the simplest kind.
type model struct {
	tasks   []modelTask // by their insertion
	expired map[string]bool
}

// add adds tasks if there is room, or can be made, and tells whether it did.
func (m *model) add(tasks []modelTask) bool {
	excess := len(m.tasks) + len(tasks) - modelRecords
	var finished []modelTask
	for _, task := range m.tasks {
		if task.finished {
			finished = append(finished, task)
		}
	}
	if excess > len(finished) {
		return false
	}
	if excess > 0 {
		slices.SortStableFunc(finished, func(a, b modelTask) int { return cmp.Compare(a.time, b.time) })
		for _, task := range finished[:min(max(excess, modelCull), len(finished))] {
			m.remove(task.id)
			m.expired[task.id] = true
		}
	}
	m.tasks = append(m.tasks, tasks...)
	return true
}

// remove removes a task, and what is remembered of it.
func (m *model) remove(id string) {
	m.tasks = slices.DeleteFunc(m.tasks, func(task modelTask) bool { return task.id == id })
	delete(m.expired, id)
}

func (m *model) has(id string) bool {
	return slices.ContainsFunc(m.tasks, func(task modelTask) bool { return task.id == id })
}

func (task modelTask) doc(t tester) bson.Raw {
	doc := bson.D{{Key: "_id", Value: task.id}, {Key: "msg_id", Value: task.id}}
	if task.time > 0 {
		doc = append(doc, bson.E{Key: "submitted", Value: at(task.time)})
	}
	if task.finished {
		doc = append(doc, bson.E{Key: "completed", Value: at(100)})
	}
	return encode(t, doc)
}

// modelIDs are the msg_ids that there may be: few, so that they come again.
var modelIDs = func() (ids []string) {
	for n := range 16 {
		ids = append(ids, fmt.Sprintf("task-%02d", n))
	}
	return ids
}()

func keepsLikeModel(t *testing.T, db *taskdb.DB) {
	collection := 0
	rapid.Check(t, func(t *rapid.T) {
		collection++
		run := &modelRun{db: db.In(fmt.Sprintf("run%d.task_records", collection)), model: model{expired: map[string]bool{}}}
		t.Repeat(map[string]func(*rapid.T){"add": run.add, "finish": run.finish, "drop": run.drop, "": run.check})
		require.NoError(t, run.db.DropCollection(t.Context()))
	})
}

// modelRun does the same to a store and to a model.
type modelRun struct {
	db    *taskdb.DB
	model model
}

func (r *modelRun) add(t *rapid.T) {
	var tasks []modelTask
	var docs []bson.Raw
	for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom(modelIDs), 1, 5, rapid.ID[string]).Draw(t, "ids") {
		if r.model.has(id) {
			continue
		}
		task := modelTask{id, rapid.IntRange(0, 5).Draw(t, "time"), rapid.Bool().Draw(t, "finished")}
		tasks, docs = append(tasks, task), append(docs, task.doc(t))
	}
	err := r.db.AddRaw(t.Context(), docs...)
	if r.model.add(tasks) {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, taskdb.ErrFull)
	}
}

// some draws one of the model's tasks.
func (r *modelRun) some(t *rapid.T) *modelTask {
	if len(r.model.tasks) == 0 {
		t.Skip("there is no task")
	}
	return &r.model.tasks[rapid.IntRange(0, len(r.model.tasks)-1).Draw(t, "task")]
}

func (r *modelRun) finish(t *rapid.T) {
	task := r.some(t)
	task.finished = true
	require.NoError(t, r.db.UpdateRecord(t.Context(), task.id, bson.M{"$set": bson.M{"completed": at(100)}}))
}

func (r *modelRun) drop(t *rapid.T) {
	id := r.some(t).id
	r.model.remove(id)
	require.NoError(t, r.db.DropRecord(t.Context(), id))
}

func (r *modelRun) check(t *rapid.T) {
	for _, id := range modelIDs {
		_, err := r.db.Get(t.Context(), id)
		require.Equal(t, r.model.has(id), err == nil, "%s: %v", id, err)
		if err != nil {
			require.Equal(t, r.model.expired[id], errors.Is(err, taskdb.ErrExpired), "%s: %v", id, err)
		}
	}
	require.EqualValues(t, len(r.model.tasks), count(t, r.db))
}
