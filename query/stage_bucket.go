package query

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// bucketOptions are those of $bucket.
type bucketOptions struct {
	groupBy, boundaries, output value
	others                      value // the default
}

// bucket parses $bucket, which MongoDB takes for a $group by a $switch, and a $sort.
func (p pipelineParser) bucket(v value, at trail) ([]stage, *Error) {
	options, err := bucketOptionsOf(v, at)
	if err != nil {
		return nil, err
	}
	boundaries, others, err := p.boundaries(options, at)
	if err != nil {
		return nil, err
	}
	fields := bson.D{{Key: "_id", Value: bucketSwitch(options.groupBy, boundaries, others)}}
	if options.output.missing() {
		fields = append(fields, bson.E{Key: "count", Value: bson.D{{Key: "$sum", Value: 1}}})
	}
	for it := elementsOf(options.output.data); it.next(); {
		fields = append(fields, bson.E{Key: string(it.key), Value: it.raw()})
	}
	return p.groupAndSort(fields, bson.D{{Key: "_id", Value: 1}}, at)
}

func bucketOptionsOf(v value, at trail) (o bucketOptions, err *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return o, at.fail(40201, "Argument to $bucket stage must be an object, but found type: %s.", TypeName(v.kind))
	}
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		switch string(it.key) {
		case "groupBy":
			o.groupBy = it.value
			isPath := o.groupBy.isString() && len(o.groupBy.text()) > 0 && o.groupBy.text()[0] == '$'
			if !isPath && o.groupBy.kind != bson.TypeEmbeddedDocument {
				return o, below.fail(40202, "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression, but found: %s.", brief(it.value))
			}
		case "boundaries":
			o.boundaries = it.value
			if !isArray(o.boundaries) {
				return o, below.fail(40200, "The $bucket 'boundaries' field must be an array, but found type: %s.", TypeName(it.kind))
			}
		case "default":
			o.others = it.value
		case "output":
			if o.output = it.value; o.output.kind != bson.TypeEmbeddedDocument {
				return o, below.fail(40196, "The $bucket 'output' field must be an object, but found type: %s.", TypeName(it.kind))
			}
		default:
			return o, below.fail(40197, "Unrecognized option to $bucket: %s.", it.key)
		}
	}
	if o.groupBy.missing() || o.boundaries.missing() {
		return o, at.fail(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.")
	}
	return o, nil
}

// boundaries returns the boundaries, which must rise, and the default, which must be
// none of what is between them.
func (p pipelineParser) boundaries(o bucketOptions, at trail) (boundaries []value, others value, _ *Error) {
	for i, v := range elementValues(o.boundaries) {
		v, err := p.constant(v, 40191, "The $bucket 'boundaries' field must be an array of constant values", at.down("boundaries").down(strconv.Itoa(i)))
		if err != nil {
			return nil, others, err
		}
		boundaries = append(boundaries, v)
	}
	at = at.down("boundaries")
	if len(boundaries) < 2 {
		return nil, others, at.fail(40192, "The $bucket 'boundaries' field must have at least 2 values, but found %d value(s).", len(boundaries))
	}
	for i, next := range boundaries[1:] {
		switch last := boundaries[i]; {
		case last.class() != next.class():
			return nil, others, at.fail(40193, "All values in the the 'boundaries' option to $bucket must have the same type. Found conflicting types %s and %s.",
				TypeName(last.kind), TypeName(next.kind))
		case compare(last, next) >= 0:
			return nil, others, at.fail(40194, "The 'boundaries' option to $bucket must be sorted, but elements %d and %d are not in ascending order", i, i+1)
		}
	}
	if o.others.missing() {
		return boundaries, others, nil
	}
	at[len(at)-1] = "default"
	others, err := p.constant(o.others, 40195, "The $bucket 'default' field must be a constant expression", at)
	if err == nil && compare(others, boundaries[0]) >= 0 && compare(others, boundaries[len(boundaries)-1]) < 0 {
		err = at.fail(40199, "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.")
	}
	return boundaries, others, err
}

// constant returns the value of an expression that must be constant.
func (p pipelineParser) constant(v value, code int, demand string, at trail) (value, *Error) {
	parsed, err := newFrame(p.allowance).parser().parse(p.let.expression(v), at)
	if err != nil {
		return value{}, err
	}
	c, ok := parsed.(constant)
	if !ok {
		return value{}, at.fail(code, "%s, but found: %s.", demand, brief(v))
	}
	return c.value, nil
}

// bucketSwitch is the expression of the bucket in which a document lies: its lower
// boundary.
func bucketSwitch(by value, boundaries []value, others value) bson.D {
	literal := func(v value) bson.D { return bson.D{{Key: "$literal", Value: v.raw()}} }
	branches := bson.A{}
	for i, next := range boundaries[1:] {
		branches = append(branches, bson.D{
			{Key: "case", Value: bson.D{{Key: "$and", Value: bson.A{
				bson.D{{Key: "$gte", Value: bson.A{by.raw(), literal(boundaries[i])}}},
				bson.D{{Key: "$lt", Value: bson.A{by.raw(), literal(next)}}},
			}}}},
			{Key: "then", Value: literal(boundaries[i])},
		})
	}
	arguments := bson.D{{Key: "branches", Value: branches}}
	if !others.missing() {
		arguments = append(arguments, bson.E{Key: "default", Value: literal(others)})
	}
	return bson.D{{Key: "$switch", Value: arguments}}
}

// groupAndSort parses a $group and a $sort that another stage stands for.
func (p pipelineParser) groupAndSort(fields, order bson.D, at trail) ([]stage, *Error) {
	doc, err := bson.Marshal(fields)
	if err != nil {
		return nil, at.wrap(err)
	}
	g, failed := p.group(documentValue(doc), at)
	if failed != nil {
		return nil, failed
	}
	by, err := ParseSortValue(order)
	if err != nil {
		return nil, at.wrap(err)
	}
	return []stage{g, sorting{sort: by}}, nil
}

// sortByCount parses $sortByCount, which is a $group and a $sort.
func (p pipelineParser) sortByCount(v value, at trail) ([]stage, *Error) {
	switch it := elementsOf(v.data); {
	case v.kind == bson.TypeEmbeddedDocument:
		if !it.next() || it.key[0] != '$' {
			return nil, at.fail(40147, "the sortByCount field must be defined as a $-prefixed path or an expression inside an object")
		}
	case !v.isString():
		return nil, at.fail(40149, "the sortByCount field must be specified as a string or as an object")
	case len(v.text()) == 0 || v.text()[0] != '$':
		return nil, at.fail(40148, "the sortByCount field must be defined as a $-prefixed path or an expression inside an object")
	}
	return p.groupAndSort(bson.D{{Key: "_id", Value: v.raw()}, {Key: "count", Value: bson.D{{Key: "$sum", Value: 1}}}},
		bson.D{{Key: "count", Value: -1}}, at)
}
