package query

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// facets is $facet: several pipelines over the same documents.
type facets struct {
	keys      []string
	pipelines [][]stage
}

func (f *facets) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		all, err := held(docs)
		if err != nil {
			yield(nil, err)
			return
		}
		start, made := reserve(0)
		for i, key := range f.keys {
			var results []value
			for doc, err := range chain(ctx, f.pipelines[i], each(all)) {
				if err != nil {
					yield(nil, err)
					return
				}
				results = append(results, documentValue(doc))
			}
			if made = appendElement(made, key, arrayOf(results)); len(made) > maxHeld {
				yield(nil, memoryExceeded("$facet"))
				return
			}
		}
		yield(closeDocument(made, start), nil)
	}
}

// held reads all documents.
func held(docs documents) ([]bson.Raw, error) {
	var all []bson.Raw
	bytes := 0
	for doc, err := range docs {
		if err != nil {
			return nil, err
		}
		if bytes += len(doc) + perValue; bytes > maxHeld {
			return nil, memoryExceeded("$facet")
		}
		all = append(all, doc)
	}
	return all, nil
}

// each are documents that are at hand.
func each(all []bson.Raw) documents {
	return func(yield func(bson.Raw, error) bool) {
		for _, doc := range all {
			if !yield(doc, nil) {
				return
			}
		}
	}
}

func (f *facets) asks(h *heads) bool {
	for _, stages := range f.pipelines {
		askAll(h, stages)
	}
	return true
}

func (p pipelineParser) facet(v value, at trail) (stage, *Error) {
	if v.kind != bson.TypeEmbeddedDocument || len(v.data) == len(emptyDocument) {
		return nil, at.fail(40169, "the $facet specification must be a non-empty object")
	}
	f := &facets{}
	p.inFacet = true
	for it := elementsOf(v.data); it.next(); {
		key := string(it.key)
		below := at.down(key)
		switch {
		case key == "" || strings.ContainsAny(key, ".") || key[0] == '$':
			return nil, below.fail(40164, "invalid name of a pipeline in $facet: '%s'", key)
		case !isArray(it.value):
			return nil, below.fail(40170, "arguments to $facet must be arrays, %s is type %s", key, TypeName(it.kind))
		}
		stages, err := p.stages(elementValues(it.value), below)
		if err != nil {
			return nil, err
		}
		f.keys, f.pipelines = append(f.keys, key), append(f.pipelines, stages)
	}
	return f, nil
}
