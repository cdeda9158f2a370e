package query

import "go.mongodb.org/mongo-driver/v2/bson"

// set is $set.
type set struct {
	creating
	operand value
}

func (s set) modify(value, *edit) (value, error) { return s.operand, nil }

// setOnInsert is $setOnInsert.
type setOnInsert struct{ operand value }

func (s setOnInsert) absent(e *edit) absence {
	if e.insert {
		return creates
	}
	return ignores
}

func (s setOnInsert) modify(v value, e *edit) (value, error) {
	if e.insert {
		return s.operand, nil
	}
	return v, nil
}

// unset is $unset.
type unset struct{}

func (unset) absent(*edit) absence { return ignores }

func (unset) modify(value, *edit) (value, error) { return value{}, nil }

// limit is $min or $max: sign is that of the order of the operand and a value
// that gives way to it.
type limit struct {
	creating
	operand value
	sign    int
}

func (l limit) modify(v value, _ *edit) (value, error) {
	if v.missing() || compare(l.operand, v)*l.sign > 0 {
		return l.operand, nil
	}
	return v, nil
}

// currentDate is $currentDate.
type currentDate struct {
	creating
	timestamp bool
}

func (c currentDate) modify(_ value, e *edit) (value, error) {
	if c.timestamp {
		return timestampValue(e.now), nil
	}
	return dateValue(e.now), nil
}

func parseCurrentDate(v value, at trail) (modifier, *Error) {
	switch v.kind {
	case bson.TypeBoolean: // false asks for the date as well
		return currentDate{}, nil
	case bson.TypeEmbeddedDocument:
		return parseCurrentDateType(v.data, at)
	}
	return nil, at.fail(CodeBadValue, "%s is not valid type for $currentDate. Please use a boolean ('true') or a $type "+
		"expression ({$type: 'timestamp/date'}).", TypeName(v.kind))
}

func parseCurrentDateType(doc []byte, at trail) (modifier, *Error) {
	kind := ""
	for it := elementsOf(doc); it.next(); {
		if string(it.key) != "$type" {
			return nil, at.fail(CodeBadValue, "Unrecognized $currentDate option: %s", it.key)
		}
		if it.kind == bson.TypeString {
			kind = string(it.text())
		}
	}
	if kind != "date" && kind != "timestamp" {
		return nil, at.fail(CodeBadValue,
			"The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}")
	}
	return currentDate{timestamp: kind == "timestamp"}, nil
}
