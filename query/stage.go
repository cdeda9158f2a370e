package query

import "go.mongodb.org/mongo-driver/v2/bson"

// ParseMatchStage parses the argument of aggregation's $match: a filter.
func ParseMatchStage(argument bson.RawValue) (*Filter, error) {
	if argument.Type != bson.TypeEmbeddedDocument {
		return nil, trail{"$match"}.fail(15959, "the match filter must be an expression in an object")
	}
	return ParseMongoFilter(argument.Value)
}

// ParseSortStage parses the argument of aggregation's $sort, which unlike the
// sort of a find must not be empty.
func ParseSortStage(argument bson.RawValue) (*Sort, error) {
	if argument.Type != bson.TypeEmbeddedDocument {
		return nil, trail{"$sort"}.fail(15973, "the $sort key specification must be an object")
	}
	s, err := ParseSort(argument.Value)
	if err == nil && s.Empty() {
		return nil, trail{"$sort"}.fail(15976, "$sort stage must have at least one sort key")
	}
	return s, err
}
