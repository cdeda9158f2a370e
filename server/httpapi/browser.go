package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/taskdb/taskdb/api"
)

// checkBrowser refuses what a page of somebody else's has a user's browser ask: a
// change from another origin, and, where a token does not keep such pages out, any
// request under a name that is not this machine's own, as a name that its owner has
// just bound to 127.0.0.1, whatever token it makes up. It refuses paths that are not UTF-8 too.
func (s *server) checkBrowser(r *http.Request) error {
	if err := s.browser.Check(r); err != nil {
		return newProblem(http.StatusForbidden, api.KindForbidden, "the request comes from another site: %s", err)
	}
	if !s.options.AnyHost && s.admitsAnybody() && !isLoopback(r.Host) {
		return newProblem(http.StatusForbidden, api.KindForbidden,
			"without users only requests to this machine by its loopback name are taken, and not to %q", r.Host)
	}
	if !utf8.ValidString(r.URL.Path) {
		return newProblem(http.StatusBadRequest, api.KindMalformed, "the path is not UTF-8")
	}
	for name, values := range r.URL.Query() {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return newProblem(http.StatusBadRequest, api.KindMalformed, "the query of the URL is not UTF-8")
		}
	}
	return nil
}

// admitsAnybody tells whether a request without a token is anybody's.
func (s *server) admitsAnybody() bool {
	if s.options.Users == nil {
		return true
	}
	_, err := s.options.Users.Anonymous()
	return err == nil
}

// isLoopback tells whether a request's host is a name that means this machine
// whoever is asked.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}
