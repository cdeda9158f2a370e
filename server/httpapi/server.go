package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/peers"
	"github.com/taskdb/taskdb/taskdb"
)

// server serves a hub, and the store below it.
type server struct {
	hub    *hub.Hub
	db     *taskdb.DB
	api    huma.API
	routes *http.ServeMux
	log    *slog.Logger
	limits Limits

	options Options
	browser *http.CrossOriginProtection
	turns   *turns
	bodies  *peers.Room
	answers *peers.Room
	room    room
	onces   onces
	ready   *readiness
}

// New returns a handler that serves a hub over HTTP, and the store below it. It
// holds nothing that has to be closed; requests under way end with their contexts.
func New(h *hub.Hub, db *taskdb.DB, options Options) (http.Handler, error) {
	limits := options.Limits.withDefaults()
	s := &server{
		hub:     h,
		db:      h.Overheard(db), // the routes of collections write past the hub
		routes:  http.NewServeMux(),
		log:     options.Logger,
		limits:  limits,
		options: options,
		browser: http.NewCrossOriginProtection(),
		turns:   newTurns(limits),
		bodies:  newBodies(limits),
		answers: newAnswers(limits),
		room:    newRoom(limits),
		ready:   &readiness{db: db},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.api = humago.New(routeMux{s}, description(options.Version))
	for _, area := range []func(*server){
		(*server).tasks, (*server).queries, (*server).fetches, (*server).buffers, (*server).selections, (*server).engines,
		(*server).operate, (*server).events, (*server).health, (*server).collections,
	} {
		area(s)
	}
	if err := s.complete(); err != nil {
		return nil, err
	}
	return s.requests(http.HandlerFunc(s.dispatch)), nil
}

// complete checks that each route is described, and drops what huma describes of its
// own errors: those of this API are problems.
func (s *server) complete() error {
	var missing []string
	for pattern := range roles {
		if s.described(pattern) == nil {
			missing = append(missing, pattern)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("routes with a role and nothing else: %s", strings.Join(missing, ", "))
	}
	s.describeParts()
	schemas := s.api.OpenAPI().Components.Schemas.Map()
	for _, schema := range schemas {
		nullable(schema)
	}
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	return nil
}

// described is the description of a route, or nil.
func (s *server) described(pattern string) *huma.Operation {
	method, path, _ := strings.Cut(pattern, " ")
	item := s.api.OpenAPI().Paths[path]
	if item == nil {
		return nil
	}
	return operations(item)[method]
}

func operations(item *huma.PathItem) map[string]*huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodDelete: item.Delete, http.MethodPatch: item.Patch, http.MethodHead: item.Head,
	}
}

// routeMux has the routes that huma registers guarded.
type routeMux struct{ *server }

// HandleFunc registers a route.
func (m routeMux) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	m.routes.Handle(pattern, m.guarded(pattern, http.HandlerFunc(handle)))
}

// ServeHTTP answers a request to a route.
func (m routeMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.dispatch(w, r) }

// dispatch has a route answer, or the page.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request) {
	handler, pattern := s.routes.Handler(r)
	if pattern != "" {
		s.routes.ServeHTTP(w, r)
		return
	}
	var refused refusal
	handler.ServeHTTP(&refused, r)
	switch {
	case refused.status == http.StatusMethodNotAllowed:
		w.Header().Set("Allow", refused.header.Get("Allow"))
		s.fail(w, r, methodProblem(r))
	case s.isPage(r):
		s.options.Page.ServeHTTP(w, r)
	default:
		s.fail(w, r, noRouteProblem(r))
	}
}

// isPage tells whether a request is for the page or for what it is made of.
func (s *server) isPage(r *http.Request) bool {
	return s.options.Page != nil && (r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/assets/"))
}

// refusal is what net/http says to a request that no route is for.
type refusal struct {
	header http.Header
	status int
}

// Header returns the answer's header.
func (f *refusal) Header() http.Header {
	if f.header == nil {
		f.header = http.Header{}
	}
	return f.header
}

// Write drops the answer's words.
func (f *refusal) Write(text []byte) (int, error) { return len(text), nil }

// WriteHeader notes the answer's status.
func (f *refusal) WriteHeader(status int) { f.status = status }
