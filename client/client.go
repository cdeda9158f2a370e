// Package client is the Go client of taskdb's HTTP API: it submits tasks to a hub,
// waits for their results, asks MongoDB queries about all that the hub has, and
// serves engines. Its verbs are those of IPython parallel's client.
//
//	c, err := client.New("http://127.0.0.1:4417", client.Options{Token: token})
//	…
//	submitted, err := c.Submit(ctx, api.Task{Content: content, Queue: "cpu"})
//	…
//	task, err := c.GetResult(ctx, submitted[0].MsgID)
//
// # Errors
//
// What the server refuses is an *[Error], which is tested for with [errors.Is] and
// [errors.As] as a store's own errors are: taskdb.ErrNotFound, *query.Error, and so
// on; what only a hub says are the errors of this package, as [ErrDrained]. A server
// that does not answer is taskdb.ErrUnreachable.
//
// # Retries
//
// A call that fails since the server cannot be reached, or is too busy, is made
// again a few times, after longer and longer waits, where that is safe: what only
// asks, what names its tasks itself (a submission has its msg_ids made here), and
// the finishing of a lease. Of other calls, as a resubmission, only those are made
// again that the server cannot have begun with.
//
// A Client is safe for use by many goroutines at once.
package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say how a client asks. The zero value is sound.
type Options struct {
	// Token is the bearer token that tells the server who asks; empty is none.
	Token string
	// HTTPClient sends the requests; nil is one of the client's own. A Timeout that
	// it has also ends what waits or streams for long.
	HTTPClient *http.Client
	// Attempts is how often a call is made before it fails for good; 0 is 5, and 1
	// no retries.
	Attempts int
	// Backoff is about how long to wait before the second attempt; before each
	// further one it is twice as long, within 10 s. 0 is 100 ms.
	Backoff time.Duration
}

const (
	standardAttempts = 5
	standardBackoff  = 100 * time.Millisecond
	longestBackoff   = 10 * time.Second

	// connections are how many stay open for the goroutines that ask at once.
	connections = 64
)

func (o Options) withDefaults() Options {
	if o.HTTPClient == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = connections
		o.HTTPClient = &http.Client{Transport: transport}
	}
	if o.Attempts <= 0 {
		o.Attempts = standardAttempts
	}
	if o.Backoff <= 0 {
		o.Backoff = standardBackoff
	}
	return o
}

// Client asks one hub.
type Client struct {
	base    *url.URL
	options Options
}

// New returns a client of the hub at a URL, http://HOST:PORT or https://…, which may
// have a path below which the API is. A password that the URL has is the token, if
// the options have none. The hub is not asked yet.
func New(hubURL string, options Options) (*Client, error) {
	u, err := url.Parse(hubURL)
	switch {
	case err != nil:
		return nil, errors.New("hub's URL is malformed: want http://HOST:PORT") // the error may tell a password
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("hub's URL %q: want http://HOST:PORT or https://…", u.Redacted())
	case u.Host == "":
		return nil, fmt.Errorf("hub's URL %q has no host: want http://HOST:PORT", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("hub's URL %q: it takes no options", u.Redacted())
	}
	if options.Token == "" {
		options.Token = tokenIn(u)
	}
	base := *u
	base.User = nil
	base.Path, base.RawPath = strings.TrimSuffix(u.Path, "/"), ""
	return &Client{base: &base, options: options.withDefaults()}, nil
}

// tokenIn returns the token that a URL has in the place of a password, or of a user
// without one.
func tokenIn(u *url.URL) string {
	if password, ok := u.User.Password(); ok {
		return password
	}
	return u.User.Username()
}

// URL returns where the hub is, without a token.
func (c *Client) URL() string { return c.base.String() }

// Close closes the connections that are not in use. The client can be used on.
func (c *Client) Close() error {
	c.options.HTTPClient.CloseIdleConnections()
	return nil
}
