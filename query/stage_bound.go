package query

import (
	"context"
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// matchingStage is $match.
type matchingStage struct{ filter *Filter }

func (m matchingStage) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			matches := false
			if err == nil {
				matches, err = m.filter.Match(doc)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if matches && !yield(doc, nil) {
				return
			}
		}
	}
}

func (m matchingStage) asks(h *heads) bool {
	h.whole = anyHead(m.filter.root, func(head string) bool {
		h.add(head)
		return false
	}) || h.whole
	return false
}

// skipping is $skip.
type skipping struct{ n int64 }

func (s skipping) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		left := s.n
		for doc, err := range docs {
			if err == nil && left > 0 {
				left--
				continue
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

func (skipping) asks(*heads) bool { return false }

// limiting is $limit.
type limiting struct{ n int64 }

func (l limiting) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		left := l.n
		for doc, err := range docs {
			left--
			if !yield(doc, err) || err != nil || left == 0 {
				return
			}
		}
	}
}

func (limiting) asks(*heads) bool { return false }

func (p pipelineParser) skip(v value, at trail) (stage, *Error) {
	n, err := stageNumber("$skip", 5107200, v, at)
	return skipping{n}, err
}

func (p pipelineParser) limit(v value, at trail) (stage, *Error) {
	n, err := stageNumber("$limit", 5107201, v, at)
	if err == nil && n == 0 {
		return nil, at.fail(15958, "the limit must be positive")
	}
	return limiting{n}, err
}

func stageNumber(name string, code int, v value, at trail) (int64, *Error) {
	n, whole := v.whole()
	switch {
	case !v.isNumber():
		return 0, at.fail(code, "invalid argument to %s stage: Expected a number in: %s", name, describe(name, v))
	case !whole:
		return 0, at.fail(code, "invalid argument to %s stage: Expected an integer, but found a non-integer in: %s", name, describe(name, v))
	case n < 0:
		return 0, at.fail(code, "invalid argument to %s stage: Expected a non-negative number in: %s", name, describe(name, v))
	}
	return n, nil
}

// sampling is $sample: n documents, of which each is as likely as any other.
type sampling struct{ n int64 }

func (s sampling) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		var chosen []bson.Raw
		held, met := 0, int64(0)
		for doc, err := range docs {
			if err != nil {
				yield(nil, err)
				return
			}
			met++
			place := int64(len(chosen))
			if place < s.n {
				chosen = append(chosen, nil)
			} else if place = rand.Int64N(met); place >= s.n {
				continue
			}
			if held += len(doc) - len(chosen[place]); held > maxHeld {
				yield(nil, memoryExceeded("$sample"))
				return
			}
			chosen[place] = doc
		}
		rand.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
		for _, doc := range chosen {
			if !yield(doc, nil) {
				return
			}
		}
	}
}

func (sampling) asks(*heads) bool { return false }

func (p pipelineParser) sample(v value, at trail) (stage, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(28745, "the $sample stage specification must be an object")
	}
	size := value{}
	for it := elementsOf(v.data); it.next(); {
		if string(it.key) != "size" {
			return nil, at.down(string(it.key)).fail(28748, "unrecognized option to $sample: %s", it.key)
		}
		size = it.value
	}
	n, ok := size.truncated()
	switch {
	case size.missing():
		return nil, at.fail(28749, "$sample stage must specify a size")
	case !size.isNumber():
		return nil, at.fail(28746, "size argument to $sample must be a number")
	case !ok || n <= 0:
		return nil, at.fail(28747, "size argument to $sample must be a positive integer")
	}
	return sampling{n}, nil
}
