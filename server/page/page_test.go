package page_test

import (
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/page"
)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	page.Handler().ServeHTTP(w, r)
	return w.Result()
}

func read(t *testing.T, path string) string {
	t.Helper()
	r := httptest.NewRecorder()
	page.Handler().ServeHTTP(r, httptest.NewRequest("GET", path, nil))
	require.Equal(t, http.StatusOK, r.Code, path)
	return r.Body.String()
}

var mentioned = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"|from "(\.[^"]+\.js)"|url\("([^"]+)"\)`)

// TestWhole holds that all that the page names is there, and comes from here.
func TestWhole(t *testing.T) {
	seen := map[string]bool{"": true}
	var follow func(name string)
	follow = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, match := range mentioned.FindAllStringSubmatch(read(t, name), -1) {
			follow(match[1])
			follow(match[3])
			if match[2] != "" {
				follow(path.Join(path.Dir(name), match[2]))
			}
		}
	}
	follow("/")
	for _, name := range []string{"/assets/views/tasks.js", "/assets/vendor/uPlot.esm.js", "/assets/vendor/inter.woff2", "/assets/icon.svg"} {
		require.True(t, seen[name], name)
	}
}

func TestPolicy(t *testing.T) {
	for _, name := range []string{"/", "/assets/app.js", "/assets/css/base.css"} {
		header := get(t, "GET", name).Header
		policy := header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'; script-src 'self'; style-src 'self';")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	}
	require.Equal(t, "text/html; charset=utf-8", get(t, "GET", "/").Header.Get("Content-Type"))
	require.Equal(t, "text/javascript; charset=utf-8", get(t, "GET", "/assets/app.js").Header.Get("Content-Type"))
}

// TestNoInline holds that there is nothing in the page that the policy would refuse.
func TestNoInline(t *testing.T) {
	html := read(t, "/")
	require.NotRegexp(t, `(?i)<style|\son\w+=|\sstyle=|javascript:`, html)
	require.NotRegexp(t, `<script[^>]*>[^<]`, html)
	require.NotRegexp(t, `https?://`, html)
}

func TestUnchangedFilesAreNotSentAgain(t *testing.T) {
	first := get(t, "GET", "/assets/app.js")
	again := get(t, "GET", "/assets/app.js", "If-None-Match", first.Header.Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.StatusCode)
}

func TestNothingElseIsServed(t *testing.T) {
	for _, name := range []string{"/index.html", "/assets", "/assets/", "/assets/none.js", "/page.go", "/assets/../page.go"} {
		require.Equal(t, http.StatusNotFound, get(t, "GET", name).StatusCode, name)
	}
	require.Equal(t, http.StatusMethodNotAllowed, get(t, "POST", "/").StatusCode)
}
