package query

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// counting is $count.
type counting struct{ key string }

func (c counting) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		n := int64(0)
		for _, err := range docs {
			if err != nil {
				yield(nil, err)
				return
			}
			n++
		}
		if n > 0 {
			yield(c.counted(n), nil)
		}
	}
}

func (counting) asks(*heads) bool { return true }

func (counting) counts() bool { return true }

func (c counting) counted(n int64) bson.Raw { return documentOf(c.key, intValue(n)).data }

func (p pipelineParser) count(v value, at trail) (stage, *Error) {
	if !v.isString() {
		return nil, at.fail(40156, "the count field must be a non-empty string")
	}
	switch key := string(v.text()); {
	case key == "":
		return nil, at.fail(40157, "the count field must be a non-empty string")
	case key[0] == '$':
		return nil, at.fail(40158, "the count field cannot be a $-prefixed path")
	case strings.Contains(key, "\x00"):
		return nil, at.fail(40159, "the count field cannot contain a null byte")
	case strings.Contains(key, "."):
		return nil, at.fail(40160, "the count field cannot contain '.'")
	default:
		return counting{key}, nil
	}
}
