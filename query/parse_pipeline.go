package query

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxStages is how many stages a pipeline may have, as in MongoDB.
const maxStages = 1000

// pipelineParser parses the stages of a pipeline.
type pipelineParser struct {
	let       *Let
	now       value
	inFacet   bool
	allowance *allowance
}

// ParsePipeline checks a pipeline whole and returns it. let may be nil; $$NOW is when
// the pipeline is parsed. What is wrong, or not emulated, is refused with an *Error.
// The Pipeline keeps copies.
func ParsePipeline(stages []bson.Raw, let *Let) (*Pipeline, error) {
	values := make([]value, len(stages))
	for i, doc := range stages {
		if err := Validate(doc); err != nil {
			return nil, err
		}
		values[i] = documentValue(bytes.Clone(doc))
	}
	p := pipelineParser{let: let, now: dateValue(time.Now()), allowance: newAllowance(pipelineTime)}
	parsed, err := p.stages(values, nil)
	if err != nil {
		return nil, err
	}
	return newPipeline(parsed)
}

func (p pipelineParser) stages(list []value, at trail) ([]stage, *Error) {
	if len(list) > maxStages {
		return nil, at.fail(7749501, "Pipeline length must be no longer than %d stages.", maxStages)
	}
	var stages []stage
	for i, v := range list {
		below := at.down(strconv.Itoa(i))
		name, argument, err := stageOf(v, below)
		if err != nil {
			return nil, err
		}
		parsed, err := p.stage(name, argument, below.down(name))
		if err != nil {
			return nil, err
		}
		stages = append(stages, parsed...)
	}
	limitSorts(stages)
	return stages, nil
}

// stageOf takes a stage apart: its name, and its argument.
func stageOf(v value, at trail) (name string, argument value, _ *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return "", value{}, at.fail(CodeTypeMismatch, "Each element of the 'pipeline' array must be an object")
	}
	it := elementsOf(v.data)
	if !it.next() || len(it.rest) > 1 {
		return "", value{}, at.fail(40323, "A pipeline stage specification object must contain exactly one field.")
	}
	return string(it.key), it.value, nil
}

// limitSorts tells sorts that a limit follows.
func limitSorts(stages []stage) {
	for i := 1; i < len(stages); i++ {
		sort, isSort := stages[i-1].(sorting)
		if limit, isLimit := stages[i].(limiting); isSort && isLimit {
			stages[i-1] = sorting{sort.sort, limit.n}
		}
	}
}

// stage parses one stage, for which several may stand.
func (p pipelineParser) stage(name string, v value, at trail) ([]stage, *Error) {
	t, err := p.transformation(name, v, at)
	if err != nil {
		return nil, err
	}
	if t != nil {
		return []stage{transforming{t, p.now}}, nil
	}
	switch name {
	case "$bucket":
		return p.bucket(v, at)
	case "$sortByCount":
		return p.sortByCount(v, at)
	}
	one, err := p.single(name, v, at)
	return []stage{one}, err
}

func (p pipelineParser) single(name string, v value, at trail) (stage, *Error) {
	switch name {
	case "$count":
		return p.count(v, at)
	case "$group":
		return p.group(v, at)
	case "$limit":
		return p.limit(v, at)
	case "$match":
		return p.match(v, at)
	case "$sample":
		return p.sample(v, at)
	case "$skip":
		return p.skip(v, at)
	case "$sort":
		return p.sort(v, at)
	case "$unwind":
		return p.unwind(v, at)
	case "$facet":
		if !p.inFacet {
			return p.facet(v, at)
		}
	}
	return nil, p.refused(name, at)
}

// refused is the error of a stage that cannot be carried out.
func (p pipelineParser) refused(name string, at trail) *Error {
	switch {
	case p.inFacet && notInFacet[name]:
		return at.fail(40600, "%s is not allowed to be used within a $facet stage", name)
	case otherStages[name]:
		return at.fail(CodeNotImplemented, "the stage %s is not implemented", name)
	}
	return at.fail(40324, "Unrecognized pipeline stage name: '%s'", name)
}

// otherStages are those that MongoDB has beside.
var otherStages = map[string]bool{
	"$bucketAuto": true, "$changeStream": true, "$changeStreamSplitLargeEvent": true, "$collStats": true, "$currentOp": true,
	"$densify": true, "$documents": true, "$fill": true, "$geoNear": true, "$graphLookup": true, "$indexStats": true,
	"$listLocalSessions": true, "$listSearchIndexes": true, "$listSessions": true, "$lookup": true, "$merge": true, "$out": true,
	"$planCacheStats": true, "$querySettings": true, "$queryStats": true, "$rankFusion": true, "$redact": true, "$scoreFusion": true,
	"$search": true, "$searchMeta": true, "$setWindowFields": true, "$shardedDataDistribution": true, "$unionWith": true,
	"$vectorSearch": true,
}

// notInFacet are stages that stand only where a pipeline begins or ends.
var notInFacet = map[string]bool{
	"$changeStream": true, "$collStats": true, "$facet": true, "$geoNear": true, "$indexStats": true, "$merge": true, "$out": true,
	"$planCacheStats": true, "$search": true, "$searchMeta": true, "$vectorSearch": true,
}

func (p pipelineParser) match(v value, at trail) (stage, *Error) {
	if v.kind == bson.TypeEmbeddedDocument {
		v.data = p.let.Filter(v.data)
	}
	filter, err := ParseMatchStage(v.raw())
	if err != nil {
		return nil, at.above(err)
	}
	return matchingStage{filter}, nil
}

func (p pipelineParser) sort(v value, at trail) (stage, *Error) {
	order, err := ParseSortStage(v.raw())
	if err != nil {
		return nil, at.above(err)
	}
	return sorting{sort: order}, nil
}

// above is an error that arose in something below the trail, which tells its place
// from there, or by the trail's last key.
func (t trail) above(err error) *Error {
	failed := t.wrap(err)
	place := strings.Join(t, ".")
	switch failed.Path {
	case place:
	case t[len(t)-1]:
		failed.Path = place
	default:
		failed.Path = place + "." + failed.Path
	}
	return failed
}
