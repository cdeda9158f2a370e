package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// Stream makes a call that answers a list of documents and yields them as they come,
// byte for byte. It ends with the first error; a list that was cut off ends with
// taskdb.ErrUnreachable.
func (c *Client) Stream(ctx context.Context, call Call) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		if end, err := c.stream(ctx, call, yield); err != nil {
			yield(nil, err)
		} else if end != nil && end.Next != "" {
			yield(nil, fmt.Errorf("%w: it looks at too many documents at once", taskdb.ErrBudget))
		}
	}
}

// list makes a call with JSON and yields what it answers, as stream does.
func (c *Client) list(ctx context.Context, call Call, body any, yield func(bson.Raw, error) bool) (*api.End, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write a request as JSON: %w", err)
	}
	call.Body = text
	return c.stream(ctx, call.with("Content-Type", "application/json"), yield)
}

// stream yields what a call answers, and returns how that ended; nil if nobody wants
// more.
func (c *Client) stream(ctx context.Context, call Call, yield func(bson.Raw, error) bool) (*api.End, error) {
	response, err := c.Do(ctx, call.with("Accept", api.MediaBSON))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	in := bufio.NewReader(response.Body)
	for {
		doc, err := bson.ReadDocument(in)
		if err == io.EOF {
			err = io.ErrUnexpectedEOF // there was no last line
		}
		if err != nil {
			return nil, broken(ctx, err)
		}
		end, err := endOf(doc)
		switch {
		case err != nil:
			return nil, broken(ctx, err)
		case end != nil:
			_, _ = in.Peek(1) // the end of the body: now the connection can be used again
			return end, ErrorOf(end.Problem)
		case !yield(doc, nil):
			return nil, nil
		}
	}
}

// endOf reads the last line of a list; another document is none.
func endOf(doc bson.Raw) (*api.End, error) {
	value, isEnd := doc.Lookup("$end").DocumentOK()
	if !isEnd {
		return nil, nil
	}
	end := new(api.End)
	end.Count, _ = value.Lookup("count").AsInt64OK()
	end.Next, _ = value.Lookup("next").StringValueOK()
	problem, failed := value.Lookup("problem").DocumentOK()
	if !failed {
		return end, nil
	}
	end.Problem = new(api.Problem)
	return end, readDocument(problem, end.Problem)
}

// readDocument reads what JSON has as a document.
func readDocument(doc bson.Raw, value any) error {
	text, err := bson.MarshalExtJSON(doc, false, false)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, value)
}
