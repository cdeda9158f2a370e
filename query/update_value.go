package query

import (
	"reflect"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseUpdateValue is ParseUpdate for what a caller may write an update as: a
// *Update, which is returned, or what Document takes; and ParsePipelineUpdate for a
// list of stages, as text, as BSON's array, or as a slice of what Document takes.
func ParseUpdateValue(update any, arrayFilters ...any) (*Update, error) {
	if parsed, ok := update.(*Update); ok && parsed != nil && len(arrayFilters) == 0 {
		return parsed, nil
	}
	stages, isList, err := stagesOfValue(update)
	switch {
	case err != nil:
		return nil, err
	case isList && len(arrayFilters) > 0:
		return nil, trail{"arrayFilters"}.fail(CodeFailedToParse, "arrayFilters may not be specified for pipeline-style updates")
	case isList:
		return ParsePipelineUpdate(stages)
	}
	doc, err := Document(update)
	if err != nil {
		return nil, err
	}
	filters := make([]bson.Raw, len(arrayFilters))
	for i, filter := range arrayFilters {
		if filters[i], err = Document(filter); err != nil {
			return nil, err
		}
	}
	return ParseUpdate(doc, filters)
}

// stagesOfValue returns the stages that a value lists, and whether it is a list.
func stagesOfValue(v any) (stages []bson.Raw, isList bool, err error) {
	switch v := v.(type) {
	case []bson.Raw:
		return v, true, nil
	case bson.Raw, []byte, bson.D, nil:
		return nil, false, nil
	case bson.RawArray:
		stages, err = stagesOfArray(value{bson.TypeArray, v})
		return stages, true, err
	case string:
		if !strings.HasPrefix(strings.TrimSpace(v), "[") {
			return nil, false, nil
		}
		doc, err := Document("{stages:\n" + v + "}")
		if err != nil {
			return nil, true, err
		}
		stages, err = stagesOfArray(lookup(doc, "stages"))
		return stages, true, err
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		return nil, false, nil
	}
	for i := range list.Len() {
		stage, err := Document(list.Index(i).Interface())
		if err != nil {
			return nil, true, err
		}
		stages = append(stages, stage)
	}
	return stages, true, nil
}

func stagesOfArray(array value) ([]bson.Raw, error) {
	if err := Validate(array.data); err != nil {
		return nil, err
	}
	var stages []bson.Raw
	for i, v := range elementValues(array) {
		if v.kind != bson.TypeEmbeddedDocument {
			return nil, trail{strconv.Itoa(i)}.fail(CodeTypeMismatch, "Each element of the 'pipeline' array must be an object")
		}
		stages = append(stages, v.data)
	}
	return stages, nil
}
