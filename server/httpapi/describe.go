package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// description is the API's description before it has routes.
func description(version string) huma.Config {
	if version == "" {
		version = "0"
	}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for of, schema := range map[reflect.Type]reflect.Type{
		reflect.TypeFor[api.Document]():   reflect.TypeFor[documentSchema](),
		reflect.TypeFor[api.Exact]():      reflect.TypeFor[documentSchema](),
		reflect.TypeFor[api.Expression](): reflect.TypeFor[expressionSchema](),
		reflect.TypeFor[api.Duration]():   reflect.TypeFor[durationSchema](),
	} {
		registry.RegisterTypeAlias(of, schema)
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       "taskdb",
				Version:     version,
				Description: "A task database: tasks in, results out, and MongoDB's queries about them.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{
				Schemas:         registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			},
			Security: []map[string][]string{{"bearer": {}}, {}},
		},
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transform},
	}
}

// documentSchema stands for api.Document in the description.
type documentSchema struct{}

// Schema describes a document in extended JSON.
func (documentSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Nullable: true, AdditionalProperties: true,
		Description: "A document, in MongoDB's extended JSON.",
	}
}

// expressionSchema stands for api.Expression in the description.
type expressionSchema struct{}

// Schema describes a document, or text that has one.
func (expressionSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		AnyOf: []*huma.Schema{
			{Type: huma.TypeString, Description: "As MongoDB's shell writes it: \"{completed: null}\"."},
			{Type: huma.TypeObject, Nullable: true, AdditionalProperties: true, Description: "In MongoDB's extended JSON."},
		},
	}
}

// durationSchema stands for api.Duration in the description.
type durationSchema struct{}

// Schema describes a length of time.
func (durationSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type:     huma.TypeString,
		Pattern:  `^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))*$`,
		Examples: []any{"1m30s"},
	}
}

// nullable says of the keys that may be left out that null is the same.
func nullable(schema *huma.Schema) {
	for key, property := range schema.Properties {
		scalar := property.Ref == "" && property.Type != "" && property.Type != huma.TypeObject
		if !scalar || slices.Contains(schema.Required, key) {
			continue
		}
		property.Nullable = true
		if property.Enum != nil {
			property.Enum = append(property.Enum, nil)
		}
	}
}

// operation is what huma is told of a route.
func operation(id, pattern, summary string) huma.Operation {
	method, path, _ := strings.Cut(pattern, " ")
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
}

// register adds a route. What its handler does must be done within the limit of
// time, besides what the request waits.
func register[I, O any](s *server, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.MaxBodyBytes = -1    // the body was read by then
	op.BodyReadTimeout = -1 // and at its own time
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	s.describeProblems(&op)
	huma.Register(s.api, op, func(ctx context.Context, input *I) (*O, error) {
		atMost := s.limits.Time
		if waiting, ok := any(input).(interface{ waits() api.Duration }); ok {
			d, err := s.waitOf(waiting.waits())
			if err != nil {
				return nil, problemOf(err)
			}
			atMost += d
		}
		ctx, cancel := context.WithTimeout(taskdb.WithBudget(ctx, s.limits.Examined), atMost)
		defer cancel()
		output, err := handle(ctx, input)
		if err != nil {
			requestOf(ctx).err = err
			return nil, problemOf(err)
		}
		return output, nil
	})
}

// describeProblems adds the statuses that a request may fail with.
func (s *server) describeProblems(op *huma.Operation) {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Problem](), true, "Problem")
	content := map[string]*huma.MediaType{api.MediaProblem: {Schema: schema}}
	for _, status := range []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	} {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: content}
	}
	op.Responses["default"] = &huma.Response{Description: "Another problem", Content: content}
}

// body is an answer with a value in it.
type body[T any] struct{ Body T }

func bodyOf[T any](value T) *body[T] { return &body[T]{value} }

// durationOf reads a length of time, at a path of the request.
func durationOf(d api.Duration, path string) (time.Duration, error) {
	if d == "" {
		return 0, nil
	}
	length, err := time.ParseDuration(string(d))
	if err != nil || length < 0 {
		return 0, invalid(path, "%q is no length of time, such as 1m30s", string(d))
	}
	return length, nil
}

// waitOf is how long a request waits that asks to wait so long.
func (s *server) waitOf(d api.Duration) (time.Duration, error) {
	length, err := durationOf(d, "wait")
	return min(length, s.limits.Wait), err
}

// invalid is the problem of a request that is wrong at a place.
func invalid(location, format string, args ...any) *problem {
	p := newProblem(http.StatusUnprocessableEntity, api.KindInvalid, format, args...)
	p.Errors = []api.Detail{{Message: p.Detail, Location: location}}
	return p
}
