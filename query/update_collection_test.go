package query_test

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// collection is a list of documents and the commands on it.
type collection struct {
	docs []bson.Raw
}

// runBoth runs a command that writes, if there is one, and then the one that is
// asked about. The key does not tell how the first ended, only what it left.
func (c *collection) runBoth(write, command bson.Raw) (answer bson.RawValue, err error) {
	if write != nil {
		answer, err = c.run(write)
	}
	if command != nil {
		answer, err = c.run(command)
	}
	return answer, err
}

func (c *collection) run(command bson.Raw) (bson.RawValue, error) {
	switch name := command.Index(0).Key(); name {
	case "update":
		return c.update(command)
	case "findAndModify":
		return c.findAndModify(command)
	case "delete":
		return c.delete(command)
	case "find":
		return c.find(command)
	default:
		return bson.RawValue{}, fmt.Errorf("no command: %s", name)
	}
}

// selected returns the places of the documents that a filter selects, in the
// order of a sort.
func (c *collection) selected(filter *query.Filter, sortBy bson.Raw) ([]int, error) {
	parsed, err := query.ParseSort(sortBy)
	if err != nil {
		return nil, err
	}
	var places []int
	keys := map[int][]byte{}
	for i, doc := range c.docs {
		ok, err := filter.Match(doc)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if keys[i], err = parsed.AppendKey(nil, doc); err != nil {
			return nil, err
		}
		places = append(places, i)
	}
	slices.SortStableFunc(places, func(i, j int) int { return bytes.Compare(keys[i], keys[j]) })
	return places, nil
}

func (c *collection) find(command bson.Raw) (bson.RawValue, error) {
	filter, err := query.ParseFilter(subdocument(command, "filter"))
	if err != nil {
		return bson.RawValue{}, err
	}
	places, err := c.selected(filter, subdocument(command, "sort"))
	if err != nil {
		return bson.RawValue{}, err
	}
	found := bson.A{}
	for _, i := range places {
		shown, err := project(subdocument(command, "projection"), c.docs[i], filter)
		if err != nil {
			return bson.RawValue{}, err
		}
		found = append(found, shown)
	}
	return value(found), nil
}

func project(projection, doc bson.Raw, filter *query.Filter) (bson.Raw, error) {
	parsed, err := query.ParseProjection(projection)
	if err != nil {
		return nil, err
	}
	return parsed.Apply(nil, doc, filter)
}

func (c *collection) update(command bson.Raw) (bson.RawValue, error) {
	var selected, modified int32
	var upserted bson.A
	statements, _ := command.Lookup("updates").Array().Values()
	for i, statement := range statements {
		s := statement.Document()
		filter, update, err := parseStatement(subdocument(s, "q"), s)
		if err != nil {
			return bson.RawValue{}, err
		}
		places, err := c.selected(filter, subdocument(s, "sort"))
		if err != nil {
			return bson.RawValue{}, err
		}
		if len(places) > 1 && !isTrue(s, "multi") {
			places = places[:1]
		}
		changed, err := c.change(places, filter, update)
		if err != nil {
			return bson.RawValue{}, err
		}
		selected, modified = selected+int32(len(places)), modified+changed
		if len(places) == 0 && isTrue(s, "upsert") {
			doc, err := c.upsert(filter, update)
			if err != nil {
				return bson.RawValue{}, err
			}
			selected++
			upserted = append(upserted, bson.D{{Key: "index", Value: int32(i)}, {Key: "_id", Value: doc.Lookup("_id")}})
		}
	}
	answer := bson.D{{Key: "n", Value: selected}, {Key: "nModified", Value: modified}, {Key: "ok", Value: 1.0}}
	if upserted != nil {
		answer = append(answer, bson.E{Key: "upserted", Value: upserted})
	}
	return value(answer), nil
}

// parseStatement parses the filter, and the update of a statement or a command.
func parseStatement(filter, statement bson.Raw) (*query.Filter, *query.Update, error) {
	parsed, err := query.ParseFilter(filter)
	if err != nil {
		return nil, nil, err
	}
	u := statement.Lookup("u")
	if u.IsZero() {
		u = statement.Lookup("update")
	}
	var arrayFilters []bson.Raw
	if list, ok := statement.Lookup("arrayFilters").ArrayOK(); ok {
		elements, _ := list.Values()
		for _, e := range elements {
			arrayFilters = append(arrayFilters, e.Document())
		}
	}
	update, err := query.ParseUpdate(u.Document(), arrayFilters)
	return parsed, update, err
}

// change updates the documents at some places and counts those that changed.
func (c *collection) change(places []int, filter *query.Filter, update *query.Update) (modified int32, err error) {
	for _, i := range places {
		doc, changed, err := update.Apply(c.docs[i], filter, time.Now())
		if err != nil {
			return modified, err
		}
		if changed {
			modified++
		}
		c.docs[i] = doc
	}
	return modified, nil
}

func (c *collection) upsert(filter *query.Filter, update *query.Update) (bson.Raw, error) {
	doc, err := update.Upsert(filter, time.Now())
	if err == nil {
		c.docs = append(c.docs, doc)
	}
	return doc, err
}

func (c *collection) delete(command bson.Raw) (bson.RawValue, error) {
	statements, _ := command.Lookup("deletes").Array().Values()
	var n int32
	for _, statement := range statements {
		filter, err := query.ParseFilter(subdocument(statement.Document(), "q"))
		if err != nil {
			return bson.RawValue{}, err
		}
		places, err := c.selected(filter, bson.Raw(encode(bson.D{})))
		if err != nil {
			return bson.RawValue{}, err
		}
		if limit, _ := statement.Document().Lookup("limit").AsInt64OK(); limit == 1 && len(places) > 1 {
			places = places[:1]
		}
		for _, i := range slices.Backward(places) {
			c.docs = slices.Delete(c.docs, i, i+1)
		}
		n += int32(len(places))
	}
	return value(bson.D{{Key: "n", Value: n}, {Key: "ok", Value: 1.0}}), nil
}

func (c *collection) findAndModify(command bson.Raw) (bson.RawValue, error) {
	filter, err := query.ParseFilter(subdocument(command, "query"))
	if err != nil {
		return bson.RawValue{}, err
	}
	places, err := c.selected(filter, subdocument(command, "sort"))
	if err != nil {
		return bson.RawValue{}, err
	}
	before, after, err := c.modifyFirst(places, command)
	if err != nil {
		return bson.RawValue{}, err
	}
	shown := before
	if isTrue(command, "new") {
		shown = after
	}
	last := bson.D{{Key: "n", Value: int32(0)}}
	if before != nil || after != nil {
		last[0].Value = int32(1)
	}
	if !isTrue(command, "remove") {
		last = append(last, bson.E{Key: "updatedExisting", Value: before != nil})
	}
	if before == nil && after != nil {
		last = append(last, bson.E{Key: "upserted", Value: after.Lookup("_id")})
	}
	answer := bson.D{{Key: "lastErrorObject", Value: last}, {Key: "value", Value: nil}, {Key: "ok", Value: 1.0}}
	if shown != nil {
		if answer[1].Value, err = project(subdocument(command, "fields"), shown, filter); err != nil {
			return bson.RawValue{}, err
		}
	}
	return value(answer), nil
}

// modifyFirst carries out findAndModify on the first of some places. A document
// that is not there is nil.
func (c *collection) modifyFirst(places []int, command bson.Raw) (before, after bson.Raw, err error) {
	if isTrue(command, "remove") {
		if len(places) > 0 {
			before = c.docs[places[0]]
			c.docs = slices.Delete(c.docs, places[0], places[0]+1)
		}
		return before, nil, nil
	}
	filter, update, err := parseStatement(subdocument(command, "query"), command)
	switch {
	case err != nil:
		return nil, nil, err
	case len(places) > 0:
		before = c.docs[places[0]]
		_, err = c.change(places[:1], filter, update)
		return before, c.docs[places[0]], err
	case isTrue(command, "upsert"):
		after, err = c.upsert(filter, update)
	}
	return nil, after, err
}

func subdocument(command bson.Raw, key string) bson.Raw {
	if doc, ok := command.Lookup(key).DocumentOK(); ok {
		return doc
	}
	return encode(bson.D{})
}

func isTrue(command bson.Raw, key string) bool {
	v := command.Lookup(key)
	if n, ok := v.AsInt64OK(); ok {
		return n != 0
	}
	set, _ := v.BooleanOK()
	return set
}
