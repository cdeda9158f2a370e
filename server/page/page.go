// Package page is the web page of a hub: what an operator looks at. It is plain ES
// modules and style sheets, embedded as they stand, that ask the HTTP API of the
// server that they come from; nothing is loaded from elsewhere.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var embedded embed.FS

// policy lets the page run its own scripts and talk to its own server, and nothing
// else. Trusted types refuse text that would be parsed as HTML, wherever it comes from.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; " +
	"img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// types are of the endings that the files have. The machine's own table may know
// others.
var types = map[string]string{
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

type file struct {
	content, kind, etag string
}

// Handler serves the page at / and what it is made of under /assets/. It needs no
// authorization: the page holds no data and asks for a token when the API wants one.
func Handler() http.Handler {
	files := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "" {
			name = "assets/index.html"
		}
		f, ok := files[name]
		switch {
		case !ok:
			http.NotFound(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		f.serve(w, r)
	})
}

// serve answers with a file, or that the browser has it already.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	for key, value := range map[string]string{
		"Content-Security-Policy":    policy,
		"Content-Type":               f.kind,
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "no-referrer",
		"X-Content-Type-Options":     "nosniff",
		"Cache-Control":              "no-cache",
		"ETag":                       f.etag,
	} {
		w.Header().Set(key, value)
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.content))
}

// load reads the embedded files, by their names.
func load() map[string]file {
	files := map[string]file{}
	err := fs.WalkDir(embedded, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		kind, known := types[path.Ext(name)]
		if !known {
			kind = "text/plain; charset=utf-8"
		}
		files[name] = file{string(content), kind, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		panic("page: read the embedded files: " + err.Error())
	}
	return files
}
