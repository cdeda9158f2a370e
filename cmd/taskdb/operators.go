package main

import (
	"slices"
	"strings"

	"github.com/taskdb/taskdb/internal/spelling"
	"github.com/taskdb/taskdb/query"
)

// keyOperators stand under a key: {submitted: {$gt: …}}.
var keyOperators = []string{
	"$all", "$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$elemMatch", "$eq", "$exists",
	"$ge", "$glob", "$gt", "$gte", "$in", "$le", "$lt", "$lte", "$mod", "$ne", "$nin", "$not", "$options",
	"$regex", "$size", "$type",
}

// topOperators stand in place of a key: {$or: [{…}, {…}]}.
var topOperators = []string{"$and", "$comment", "$nor", "$or"}

// updateOperators stand in an update: {$set: {…}}.
var updateOperators = []string{
	"$addToSet", "$bit", "$currentDate", "$inc", "$max", "$min", "$mul", "$pop", "$pull", "$pullAll", "$push", "$rename",
	"$set", "$setOnInsert", "$unset",
}

// updateStages stand in an update that is a pipeline: [{$set: {…}}].
var updateStages = []string{"$addFields", "$project", "$replaceRoot", "$replaceWith", "$set", "$unset"}

// operatorHint says which operator may have been meant by an unknown one.
func operatorHint(err *query.Error) string {
	name := err.Path[strings.LastIndexByte(err.Path, '.')+1:]
	message := strings.TrimPrefix(err.Message, "Error parsing array filter :: caused by :: ")
	switch {
	case strings.HasPrefix(message, "unknown top level operator"):
		if slices.Contains(keyOperators, name) {
			return name + " stands under a key: {key: {" + name + ": …}}"
		}
		if slices.Contains(updateOperators, name) {
			return name + " changes records: taskdb update FILTER '{" + name + ": …}'"
		}
		return didYouMean(name, topOperators)
	case strings.HasPrefix(message, "unknown operator"):
		if slices.Contains(topOperators, name) {
			return name + " stands in place of a key: {" + name + ": …}"
		}
		return didYouMean(name, keyOperators)
	case strings.HasPrefix(message, "Unknown modifier"):
		if !strings.HasPrefix(name, "$") {
			return "a key stands below an operator: {$set: {" + name + ": …}}"
		}
		return didYouMean(name, updateOperators)
	case strings.HasPrefix(message, "Unrecognized pipeline stage name"):
		if slices.Contains(updateOperators, name) {
			return name + " is no stage; it stands in an update that is a document: {" + name + ": …}"
		}
		return didYouMean(name, updateStages)
	case strings.HasSuffix(message, "is not allowed to be used within an update"):
		return knownAre(updateStages)
	case strings.HasPrefix(message, "arrayFilters may not be specified"):
		return "leave --array-filter out; in a pipeline $map makes other elements of an array"
	}
	return ""
}

func didYouMean(name string, known []string) string {
	if nearest := spelling.Nearest(name, slices.Values(known)); nearest != "" {
		return "did you mean " + nearest + "?"
	}
	return knownAre(known)
}

func knownAre(known []string) string { return "known here are: " + strings.Join(known, " ") }
