package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// Call is a request to the API, for what a Client has no method for.
type Call struct {
	Method string
	// Path are the parts of the path: "v1", "tasks", … They are escaped.
	Path   []string
	Query  url.Values
	Header http.Header
	// Body is what is sent; Stream, if not nil, is sent in its place, once.
	Body   []byte
	Stream io.Reader
	// Again tells that the call may be made again if it is not known whether the
	// server has done what it asks. What a Stream is sent with is made once.
	Again bool
}

// with returns the call with one more thing in its header.
func (call Call) with(name, value string) Call {
	header := call.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	call.Header = header
	return call
}

// Do sends a request and returns the answer, whose body is to be closed; an answer
// that is no success is an error.
func (c *Client) Do(ctx context.Context, call Call) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, wait, err := c.try(ctx, call)
		if err == nil || wait == never || attempt >= c.options.Attempts || call.Stream != nil {
			return response, err
		}
		if pauseErr := pause(ctx, max(wait, c.backoff(attempt))); pauseErr != nil {
			return nil, pauseErr
		}
	}
}

// never is how long to wait with a call that is not to be made again.
const never time.Duration = -1

// try makes a call once. If it fails, wait is how long to wait at least before it is
// made again.
func (c *Client) try(ctx context.Context, call Call) (response *http.Response, wait time.Duration, err error) {
	request, err := c.request(ctx, call)
	if err != nil {
		return nil, never, err
	}
	response, err = c.options.HTTPClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, never, context.Cause(ctx)
		}
		return nil, call.again(err), unreachable(err)
	}
	if response.StatusCode/100 == 2 {
		return response, never, nil
	}
	defer response.Body.Close()
	failed := readError(response)
	return nil, call.againAfter(failed, response), failed
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	u := *c.base
	escaped := make([]string, len(call.Path))
	for i, part := range call.Path {
		escaped[i] = url.PathEscape(part)
	}
	u.Path = u.Path + "/" + strings.Join(call.Path, "/")
	u.RawPath = c.base.EscapedPath() + "/" + strings.Join(escaped, "/")
	u.RawQuery = call.Query.Encode()
	var body io.Reader
	switch {
	case call.Stream != nil:
		body = call.Stream
	case call.Body != nil:
		body = bytes.NewReader(call.Body)
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	for name, values := range call.Header {
		request.Header[name] = values
	}
	if c.options.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	return request, nil
}

// unreachable is the error of a server that does not answer.
func unreachable(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err // it tells the URL, which is long
	}
	return fmt.Errorf("%w: %w", taskdb.ErrUnreachable, err)
}

// again tells whether to make a call again that got no answer: one that nobody got
// may always be.
func (call Call) again(err error) (wait time.Duration) {
	var failed *net.OpError
	if call.Again || errors.As(err, &failed) && failed.Op == "dial" {
		return 0
	}
	return never
}

// againAfter tells whether to make a call again that failed: a server that is too
// busy has not begun with it, and one that is behind a gateway may have.
func (call Call) againAfter(failed *Error, response *http.Response) (wait time.Duration) {
	switch response.StatusCode {
	case http.StatusTooManyRequests:
		return retryAfter(response)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if call.Again && (failed.Kind == "" || failed.Kind == api.KindUnreachable) || failed.Kind == api.KindBusy {
			return retryAfter(response)
		}
	}
	return never
}

// retryAfter is how long the server asks to wait.
func retryAfter(response *http.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return min(time.Duration(max(0, seconds))*time.Second, longestBackoff)
}

// backoff is how long to wait after so many attempts, at random from nothing on, so
// that clients that failed together do not come back together.
func (c *Client) backoff(attempts int) time.Duration {
	longest := min(c.options.Backoff<<(attempts-1), longestBackoff)
	return rand.N(longest) + 1
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// get asks for JSON.
func (c *Client) get(ctx context.Context, path []string, query url.Values, answer any) error {
	return c.json(ctx, Call{Method: http.MethodGet, Path: path, Query: query, Again: true}, nil, answer)
}

// json makes a call with JSON, nil for none, and reads the answer, if there is to be
// one.
func (c *Client) json(ctx context.Context, call Call, body, answer any) error {
	call = call.with("Accept", "application/json")
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write a request as JSON: %w", err)
		}
		call.Body = text
		call = call.with("Content-Type", "application/json")
	}
	response, err := c.Do(ctx, call)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if answer == nil || response.StatusCode == http.StatusNoContent {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return broken(ctx, err)
	}
	return nil
}

// broken is the error of an answer that did not come whole, or is none.
func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: read its answer: %w", taskdb.ErrUnreachable, err)
}
