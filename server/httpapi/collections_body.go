package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
)

// received returns the documents of a request's body: BSON, or extended JSON, one
// after another.
func received(r *http.Request) ([]bson.Raw, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	split := splitBSON
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case api.MediaBSON, "":
	case "application/json":
		split = splitJSON
	default:
		return nil, newProblem(http.StatusUnsupportedMediaType, api.KindMalformed, "the body is %s, and not application/bson or application/json", kind)
	}
	docs, err := split(body)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, api.KindMalformed, "read the body: %s", err)
	}
	return docs, nil
}

func splitBSON(body []byte) (docs []bson.Raw, err error) {
	for len(body) > 0 {
		doc, rest, ok := bsoncore.ReadDocument(body)
		if !ok {
			return nil, fmt.Errorf("document %d is no BSON, or cut off", len(docs)+1)
		}
		if err := query.Validate(bson.Raw(doc)); err != nil {
			return nil, fmt.Errorf("document %d: %w", len(docs)+1, err)
		}
		docs, body = append(docs, bson.Raw(doc)), rest
	}
	return docs, nil
}

func splitJSON(body []byte) (docs []bson.Raw, err error) {
	for texts := json.NewDecoder(bytes.NewReader(body)); ; {
		var text json.RawMessage
		if err := texts.Decode(&text); err == io.EOF {
			return docs, nil
		} else if err != nil {
			return nil, err
		}
		doc, err := query.Document(string(text))
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
}

// receive reads the one document of a request's body.
func receive(r *http.Request, value any) error {
	docs, err := received(r)
	if err == nil && len(docs) != 1 {
		err = newProblem(http.StatusBadRequest, api.KindMalformed, "the body has %d documents, and should have one", len(docs))
	}
	if err == nil {
		if wrong := bson.Unmarshal(docs[0], value); wrong != nil {
			err = newProblem(http.StatusBadRequest, api.KindMalformed, "read the body: %s", wrong)
		}
	}
	return err
}

// done answers a request that has nothing more to be said.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// inBSON answers with values, one after another: as BSON if the request accepts it,
// and else as JSON lines.
func inBSON(w http.ResponseWriter, r *http.Request, values ...any) error {
	var body []byte
	form := listForm(r)
	for _, value := range values {
		doc, err := bson.Marshal(value)
		if err == nil {
			body, err = appendDocument(body, doc, form)
		}
		if err != nil {
			return err
		}
	}
	if err := holdAnswer(r.Context(), len(body)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", form)
	_, _ = w.Write(body) // it fails if the client is gone
	return nil
}

// listForm is the form that a request asks a list in that has no pages.
func listForm(r *http.Request) string {
	if form := wanted(r); form != "" {
		return form
	}
	return api.MediaJSONLines
}

// problemText is an error's problem within an answer: as JSON, empty for none.
func problemText(err error) string {
	if err == nil {
		return ""
	}
	text, err := json.Marshal(problemOf(err).Problem)
	if err != nil {
		panic(fmt.Sprintf("httpapi: write a problem: %v", err)) // its types can all be written
	}
	return string(text)
}
