package query

import (
	"bytes"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParsePipelineUpdate checks an update by a pipeline of $set, $addFields, $unset,
// $project, $replaceRoot and $replaceWith, and returns it. $$NOW in it is the time
// with which it is applied. The Update keeps copies.
func ParsePipelineUpdate(stages []bson.Raw) (*Update, error) {
	u := &Update{max: maxDocument, deep: true, pipeline: []transformation{}}
	parser := pipelineParser{allowance: newAllowance(evaluationTime)}
	values := make([]value, len(stages))
	for i, stage := range stages {
		if err := Validate(stage); err != nil {
			return nil, err
		}
		values[i] = documentValue(bytes.Clone(stage))
		parsed, err := parser.updating(values[i], trail{strconv.Itoa(i)})
		if err != nil {
			return nil, err
		}
		u.pipeline = append(u.pipeline, parsed)
	}
	u.source = arrayOf(values).data
	return u, nil
}

// updating parses a stage of an update.
func (p pipelineParser) updating(v value, at trail) (transformation, *Error) {
	name, argument, err := stageOf(v, at)
	if err != nil {
		return nil, err
	}
	at = at.down(name)
	parsed, err := p.transformation(name, argument, at)
	if err != nil || parsed != nil {
		return parsed, err
	}
	if isStage(name) {
		return nil, at.fail(CodeInvalidOptions, "%s is not allowed to be used within an update", name)
	}
	return nil, at.fail(40324, "Unrecognized pipeline stage name: '%s'", name)
}

// isStage tells whether MongoDB has such a stage.
func isStage(name string) bool {
	switch name {
	case "$bucket", "$count", "$facet", "$group", "$limit", "$match", "$sample", "$skip", "$sort", "$sortByCount", "$unwind":
		return true
	}
	return otherStages[name]
}

// IsPipeline tells whether the update is a pipeline. Then its Source is an array.
func (u *Update) IsPipeline() bool { return u.pipeline != nil }

// Stages returns the stages of an update that is a pipeline. The caller must not
// change them.
func (u *Update) Stages() []bson.Raw {
	stages := []bson.Raw{}
	for it := elementsOf(u.source); it.next(); {
		stages = append(stages, it.data)
	}
	return stages
}

// transform returns what the pipeline makes of doc, with doc's _id in front unless
// doc has none.
func (u *Update) transform(doc []byte, now time.Time) ([]byte, error) {
	changed, at := doc, dateValue(now)
	var err error
	for _, stage := range u.pipeline {
		if changed, err = stage.transform(changed, at); err != nil {
			return nil, err
		}
	}
	id, changedID := lookup(doc, "_id"), lookup(changed, "_id")
	switch {
	case id.missing():
		return changed, nil
	case changedID.missing():
		start, dst := reserve(len(changed) + len(id.data))
		dst = appendElement(dst, "_id", id)
		return closeDocument(append(dst, changed[4:len(changed)-1]...), start), nil
	case compare(id, changedID) != 0:
		return nil, trail{"_id"}.fail(CodeImmutableField, "Performing an update on the path '_id' would modify the immutable field '_id'")
	}
	return changed, nil
}

// applyPipeline is Apply for a pipeline.
func (u *Update) applyPipeline(doc []byte, now time.Time) (bson.Raw, bool, error) {
	changed, err := u.transform(doc, now)
	if err != nil {
		return nil, false, err
	}
	changed = idFirst(changed)
	if bytes.Equal(changed, doc) {
		return doc, false, nil
	}
	if err := u.checkLimits(changed); err != nil {
		return nil, false, err
	}
	return changed, true, nil
}

// asks are the keys that a pipeline looks at or changes.
func (u *Update) asks() (h heads) {
	for _, stage := range u.pipeline {
		if stage.asks(&h) {
			h.whole = true // what it does not show is gone
		}
		switch stage := stage.(type) {
		case *addFields:
			for _, addition := range stage.added.below {
				h.add(addition.key)
			}
		case projecting:
			for _, child := range stage.projection.root.children {
				h.add(child.key)
			}
		}
	}
	return h
}
