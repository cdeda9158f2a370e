package httpapi

import (
	_ "embed"
	"html/template"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

var docsTemplate = template.Must(template.New("docs").Parse(docsPage))

// documented is a route, for people.
type documented struct {
	Method, Path, Summary, Description, Role string
	Parameters                               []*huma.Param
	Body, Answer                             string
}

// writeDocs writes the description as a page that needs nothing else.
func (s *server) writeDocs(w http.ResponseWriter, _ *http.Request) {
	openAPI := s.api.OpenAPI()
	var routes []documented
	for _, path := range slices.Sorted(maps.Keys(openAPI.Paths)) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
			if op := operations(openAPI.Paths[path])[method]; op != nil {
				routes = append(routes, document(method, path, op))
			}
		}
	}
	schemas := openAPI.Components.Schemas.Map()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = docsTemplate.Execute(w, map[string]any{ // it fails if the client is gone
		"Title": openAPI.Info.Title, "Version": openAPI.Info.Version, "Description": openAPI.Info.Description,
		"Routes": routes, "Schemas": schemas,
	})
}

func document(method, path string, op *huma.Operation) documented {
	d := documented{
		Method: method, Path: path, Summary: op.Summary, Description: op.Description,
		Role: roles[method+" "+path].String(), Parameters: op.Parameters,
	}
	if op.RequestBody != nil {
		d.Body = schemaName(op.RequestBody.Content["application/json"])
	}
	if answer := op.Responses["200"]; answer != nil {
		d.Answer = schemaName(answer.Content["application/json"])
	} else if answer := op.Responses["201"]; answer != nil {
		d.Answer = schemaName(answer.Content["application/json"])
	}
	return d
}

// schemaName is the name of the type that a body has, or "".
func schemaName(media *huma.MediaType) string {
	const before = len("#/components/schemas/")
	if media == nil || media.Schema == nil || len(media.Schema.Ref) < before {
		return ""
	}
	return media.Schema.Ref[before:]
}
