package query

import (
	"slices"
)

func arraySize(_ string, arguments []value) (value, error) {
	v := arguments[0]
	if !isArray(v) {
		return value{}, failure(17124, "The argument to $size must be an array, but was of type: %s", TypeName(v.kind))
	}
	n := int64(0)
	for it := elementsOf(v.data); it.next(); {
		n++
	}
	return intValue(n), nil
}

func arrayElementAt(_ string, arguments []value) (value, error) {
	array, at := arguments[0], arguments[1]
	switch {
	case array.nullish() || at.nullish():
		return null, nil
	case !isArray(array):
		return value{}, failure(28689, "$arrayElemAt's first argument must be an array, but is %s", TypeName(array.kind))
	case !at.isNumber():
		return value{}, failure(28690, "$arrayElemAt's second argument must be a numeric value, but is %s", TypeName(at.kind))
	}
	i, ok := at.int32Of()
	if !ok {
		return value{}, failure(28691, "$arrayElemAt's second argument must be representable as a 32-bit integer: %s", at)
	}
	members := elementValues(array)
	if i < 0 {
		i += len(members)
	}
	if i < 0 || i >= len(members) {
		return value{}, nil
	}
	return members[i], nil
}

// endOf makes $first and $last of an array: the element at a place.
func endOf(place value) operation {
	return func(name string, arguments []value) (value, error) {
		if v := arguments[0]; !v.nullish() && !isArray(v) {
			return value{}, failure(28689, "%s's argument must be an array, but is %s", name, TypeName(v.kind))
		}
		return arrayElementAt(name, []value{arguments[0], place})
	}
}

func inArray(_ string, arguments []value) (value, error) {
	if array := arguments[1]; !isArray(array) {
		return value{}, failure(40081, "$in requires an array as a second argument, found: %s", TypeName(array.kind))
	}
	return boolValue(contains(arguments[1], arguments[0])), nil
}

func contains(array, v value) bool {
	for it := elementsOf(array.data); it.next(); {
		if compare(it.value, v) == 0 {
			return true
		}
	}
	return false
}

func concatArrays(_ string, arguments []value) (value, error) {
	joined := []value{}
	for _, v := range arguments {
		switch {
		case v.nullish():
			return null, nil
		case !isArray(v):
			return value{}, failure(28664, "$concatArrays only supports arrays, not %s", TypeName(v.kind))
		}
		joined = append(joined, elementValues(v)...)
	}
	return arrayOf(joined), nil
}

// slice is $slice with two arguments, array and count, or three, array, position
// and count.
func slice(_ string, arguments []value) (value, error) {
	array := arguments[0]
	for _, v := range arguments {
		if v.nullish() {
			return null, nil
		}
	}
	if !isArray(array) {
		return value{}, failure(28724, "First argument to $slice must be an array, but is of type: %s", TypeName(array.kind))
	}
	n, err := sliceArgument("Second", arguments[1], 28725, 28726)
	if err != nil {
		return value{}, err
	}
	members := elementValues(array)
	if len(arguments) == 2 {
		if n < 0 {
			return arrayOf(members[max(0, len(members)+n):]), nil
		}
		return arrayOf(members[:min(n, len(members))]), nil
	}
	count, err := sliceArgument("Third", arguments[2], 28727, 28728)
	switch {
	case err != nil:
		return value{}, err
	case count <= 0:
		return value{}, failure(28729, "Third argument to $slice must be positive: %d", count)
	case n < 0:
		n = max(0, len(members)+n)
	}
	members = members[min(n, len(members)):]
	return arrayOf(members[:min(count, len(members))]), nil
}

func sliceArgument(which string, v value, notNumber, notInteger int) (int, error) {
	if !v.isNumber() {
		return 0, failure(notNumber, "%s argument to $slice must be numeric, but is of type: %s", which, TypeName(v.kind))
	}
	n, ok := v.int32Of()
	if !ok {
		return 0, failure(notInteger, "%s argument to $slice can't be represented as a 32-bit integer: %s", which, v)
	}
	return n, nil
}

// numbersFrom is $range.
func numbersFrom(_ string, arguments []value) (value, error) {
	bounds := [3]int{2: 1}
	for i, v := range arguments {
		what := [3]string{"starting", "ending", "step"}[i]
		if !v.isNumber() {
			return value{}, failure(34443+2*i, "$range requires a numeric %s value, found value of type: %s", what, TypeName(v.kind))
		}
		n, ok := v.int32Of()
		if !ok {
			return value{}, failure(34444+2*i, "$range requires a %s value that can be represented as a 32-bit integer, found value: %s", what, v)
		}
		bounds[i] = n
	}
	start, end, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return value{}, failure(34449, "$range requires a non-zero step value")
	}
	numbers := []value{}
	for n := start; step > 0 && n < end || step < 0 && n > end; n += step {
		if len(numbers)*arrayElement > maxHeld {
			return value{}, tooLarge()
		}
		numbers = append(numbers, int32Value(int32(n)))
	}
	return arrayOf(numbers), nil
}

// arrayElement is about how many bytes an element takes while an array is made.
const arrayElement = 48

func reverseArray(_ string, arguments []value) (value, error) {
	v := arguments[0]
	switch {
	case v.nullish():
		return null, nil
	case !isArray(v):
		return value{}, failure(34435, "The argument to $reverseArray must be an array, but was of type: %s", TypeName(v.kind))
	}
	members := elementValues(v)
	slices.Reverse(members)
	return arrayOf(members), nil
}

func indexOfArray(name string, arguments []value) (value, error) {
	array := arguments[0]
	switch {
	case array.nullish():
		return null, nil
	case !isArray(array):
		return value{}, failure(40090, "$indexOfArray requires an array as a first argument, found: %s", TypeName(array.kind))
	}
	members := elementValues(array)
	start, end, err := indexBounds(name, arguments, len(members), 9711600)
	if err != nil {
		return value{}, err
	}
	for i := start; i < end; i++ {
		if compare(members[i], arguments[1]) == 0 {
			return intValue(int64(i)), nil
		}
	}
	return int32Value(-1), nil
}

// setUnion and its kin take arrays as sets: elements that compare as equal are one.
// The order of a union and an intersection is that of their values.
func setUnion(_ string, arguments []value) (value, error) {
	all := []value{}
	for _, v := range arguments {
		switch {
		case v.nullish():
			return null, nil
		case !isArray(v):
			return value{}, failure(17043, "All operands of $setUnion must be arrays. One argument is of type: %s", TypeName(v.kind))
		}
		all = append(all, elementValues(v)...)
	}
	return arrayOf(distinctOf(all)), nil
}

// distinctOf sorts values and leaves one of those that are equal.
func distinctOf(values []value) []value {
	slices.SortStableFunc(values, compare)
	return slices.CompactFunc(values, func(a, b value) bool { return compare(a, b) == 0 })
}

func setIntersection(_ string, arguments []value) (value, error) {
	for _, v := range arguments {
		switch {
		case v.nullish():
			return null, nil
		case !isArray(v):
			return value{}, failure(17047, "All operands of $setIntersection must be arrays. One argument is of type: %s", TypeName(v.kind))
		}
	}
	if len(arguments) == 0 {
		return arrayOf(nil), nil
	}
	common := distinctOf(elementValues(arguments[0]))
	for _, v := range arguments[1:] {
		others := distinctOf(elementValues(v))
		if len(common) > len(others) { // the values are those of the smaller set
			common, others = others, common
		}
		common = slices.DeleteFunc(common, func(member value) bool {
			_, found := slices.BinarySearchFunc(others, member, compare)
			return !found
		})
	}
	return arrayOf(common), nil
}

func setDifference(_ string, arguments []value) (value, error) {
	a, b := arguments[0], arguments[1]
	switch {
	case a.nullish() || b.nullish():
		return null, nil
	case !isArray(a):
		return value{}, failure(17048, "both operands of $setDifference must be arrays. First argument is of type: %s", TypeName(a.kind))
	case !isArray(b):
		return value{}, failure(17049, "both operands of $setDifference must be arrays. Second argument is of type: %s", TypeName(b.kind))
	}
	left := []value{}
	seen := setOf(b)
	for it := elementsOf(a.data); it.next(); {
		if seen.add(it.value) {
			left = append(left, it.value)
		}
	}
	return arrayOf(left), nil
}

// checkSets tells what of the arguments of $setEquals is constant and no array.
func checkSets(arguments []expression, at trail) *Error {
	for i, argument := range arguments {
		if c, ok := argument.(constant); ok && !isArray(c.value) {
			return at.fail(5887502, "All operands of $setEquals must be arrays. %d-th argument is of type: %s", i+1, TypeName(c.kind))
		}
	}
	return nil
}

func setEquals(_ string, arguments []value) (value, error) {
	var first value
	for i, v := range arguments {
		if !isArray(v) {
			return value{}, failure(17044, "All operands of $setEquals must be arrays. %d-th argument is of type: %s", i+1, TypeName(v.kind))
		}
		set := arrayOf(distinctOf(elementValues(v)))
		if i == 0 {
			first = set
		} else if compareArrays(first.data, set.data) != 0 {
			return falseValue, nil
		}
	}
	return trueValue, nil
}

func setIsSubset(_ string, arguments []value) (value, error) {
	a, b := arguments[0], arguments[1]
	switch {
	case !isArray(a):
		return value{}, failure(17046, "both operands of $setIsSubset must be arrays. First argument is of type: %s", TypeName(a.kind))
	case !isArray(b):
		return value{}, failure(17042, "both operands of $setIsSubset must be arrays. Second argument is of type: %s", TypeName(b.kind))
	}
	all := setOf(b)
	for it := elementsOf(a.data); it.next(); {
		if !all.has(it.value) {
			return falseValue, nil
		}
	}
	return trueValue, nil
}

// someElement makes $anyElementTrue, and $allElementsTrue, which is that none is not.
func someElement(truth bool, code int) operation {
	return func(name string, arguments []value) (value, error) {
		v := arguments[0]
		if !isArray(v) {
			return value{}, failure(code, "%s's argument must be an array, but is %s", name, TypeName(v.kind))
		}
		for it := elementsOf(v.data); it.next(); {
			if it.truthy() == truth {
				return boolValue(truth), nil
			}
		}
		return boolValue(!truth), nil
	}
}

// valueSet is a set of values, by their keys.
type valueSet map[string]bool

func setOf(array value) valueSet {
	set := valueSet{}
	for it := elementsOf(array.data); it.next(); {
		set.add(it.value)
	}
	return set
}

func (s valueSet) has(v value) bool { return s[string(appendKey(nil, v))] }

// add adds a value, and tells whether it is a new one.
func (s valueSet) add(v value) bool {
	key := string(appendKey(nil, v))
	isNew := !s[key]
	s[key] = true
	return isNew
}
