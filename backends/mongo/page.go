package mongo

import (
	"bytes"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

// page is a request of a page: its documents are placed by the values that the sort
// finds in them, which are what Note is told and After has: an array, one value for
// each path.
type page struct {
	request taskdb.Request
	after   []bson.RawValue // nil on the first page
	key     []byte          // of after
}

func newPage(r taskdb.Request) (*page, error) {
	p := &page{request: r}
	if len(r.After) == 0 {
		return p, nil
	}
	var err error
	if p.after, err = bson.RawArray(r.After).Values(); err != nil {
		return nil, err
	}
	p.key = r.Sort.KeyOf(p.after)
	return p, nil
}

// filter is the request's filter, of those documents that may come behind After.
func (p *page) filter() (bson.Raw, error) {
	filter := p.request.Filter.MongoDB()
	if p.after == nil {
		return filter, nil
	}
	branches, err := behind(p.request.Sort, p.after)
	if err != nil {
		return nil, err
	}
	return bson.Marshal(bson.D{{Key: "$and", Value: bson.A{filter, bson.D{{Key: "$or", Value: branches}}}}})
}

// projection asks for what the request shows and the sort needs, whole top-level
// keys of both. Where a projection depends on more it asks for the whole document.
func (p *page) projection() (bson.Raw, error) {
	elements, err := p.request.Projection.Source().Elements()
	if err != nil {
		return nil, err
	}
	included, excluded := bson.M{}, bson.M{}
	for _, e := range elements {
		top, _, dotted := strings.Cut(e.Key(), ".")
		flag, isFlag := flagOf(e.Value())
		switch {
		case !isFlag || strings.Contains(e.Key(), "$"):
			return nil, nil
		case flag:
			included[top] = true
		case !dotted && !p.request.Sort.Needs(top):
			excluded[top] = false
		}
	}
	if len(included) == 0 {
		return bson.Marshal(excluded)
	}
	paths, err := p.request.Sort.Source().Elements()
	for _, e := range paths {
		top, _, _ := strings.Cut(e.Key(), ".")
		included[top] = true
	}
	if err != nil {
		return nil, err
	}
	return bson.Marshal(included)
}

// flagOf reads the value of a projection's key that shows it or leaves it out.
func flagOf(v bson.RawValue) (flag, ok bool) {
	if flag, ok := v.BooleanOK(); ok {
		return flag, true
	}
	number, ok := v.AsFloat64OK()
	return number != 0, ok
}

// place returns what Note is told of a document as the server has it, or nil if it
// does not lie behind After.
func (p *page) place(doc bson.Raw) (bson.RawArray, error) {
	values, err := p.request.Sort.Values(doc)
	if err != nil || bytes.Compare(p.request.Sort.KeyOf(values), p.key) <= 0 {
		return nil, err
	}
	array := bsoncore.NewArrayBuilder()
	for _, v := range values {
		array.AppendValue(bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
	}
	return bson.RawArray(array.Build()), nil
}

// show applies the request's projection to a whole document, which has its place.
func (p *page) show(doc bson.Raw, at bson.RawArray) (bson.Raw, error) {
	shown, err := p.request.Projection.Apply(nil, doc, p.request.Filter)
	if err == nil && p.request.Note != nil {
		p.request.Note(at)
	}
	return shown, err
}
