package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
)

// engines registers the routes of engines.
func (s *server) engines() {
	claim := listed[api.Claimed](s, operation("claim", "POST /v1/claims", "Take the next task, under a lease"))
	claim.Responses["204"] = &huma.Response{Description: "There is no task."}
	register(s, claim, s.claim)
	register(s, operation("renew", "POST /v1/leases/{lease}/renew", "Have a lease hold on"), s.renew)
	register(s, operation("output", "POST /v1/leases/{lease}/output", "Add to what a task gives out while it runs"), s.output)
	register(s, operation("return", "POST /v1/leases/{lease}/return", "Give a task back, for another engine or a later time"), s.giveBack)
	register(s, operation("finish", "POST /v1/leases/{lease}/finish", "End a lease with the result of its task"), s.finish)
}

type claimRequest struct{ Body api.Claim }

func (r *claimRequest) waits() api.Duration { return r.Body.Wait }

// claim looks for a task at once, and only if there is none does it wait, without a
// turn.
func (s *server) claim(ctx context.Context, in *claimRequest) (*huma.StreamResponse, error) {
	lease, err := durationOf(in.Body.Lease, "body.lease")
	if err != nil {
		return nil, err
	}
	filter, err := within(ctx, in.Body.Filter, "")
	if err != nil {
		return nil, err
	}
	c := hub.Claim{
		Engine: in.Body.Engine, Queues: in.Body.Queues, Filter: filter, Lease: lease,
		Buffers: in.Body.Buffers, Foreign: in.Body.Foreign,
	}
	claimed, err := s.hub.Claim(ctx, c)
	if c.Wait, _ = s.waitOf(in.Body.Wait); errors.Is(err, hub.ErrNoTask) && c.Wait > 0 {
		if err := wait(ctx); err != nil {
			return nil, err
		}
		waiting, cancel := stoppable(ctx, s.options.Stop)
		defer cancel()
		if claimed, err = s.hub.Claim(waiting, c); err != nil && context.Cause(waiting) == errStopping {
			err = hub.ErrNoTask
		}
	}
	switch {
	case errors.Is(err, hub.ErrNoTask):
		return s.raw(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), nil
	case err != nil:
		return nil, err
	case errors.Is(ctx.Err(), context.Canceled): // nobody would hear of the task
		return nil, s.takeBack(ctx, claimed.Lease, "the engine went away before it had the task", ctx.Err())
	}
	if err := holdAnswer(ctx, len(claimed.Doc)); err != nil {
		return nil, s.takeBack(ctx, claimed.Lease, "the engine could not be sent the task beside others", err)
	}
	answer := api.Claimed{Lease: leaseOf(claimed.Lease), Record: api.Document(claimed.Doc)}
	return s.list(ctx, answer, func() []bson.Raw { return []bson.Raw{claimedDocument(answer)} }), nil
}

// takeBack returns a task that its engine does not get, for a cause, which it returns.
func (s *server) takeBack(ctx context.Context, lease hub.Lease, reason string, cause error) error {
	_, err := s.hub.Return(context.WithoutCancel(ctx), lease, hub.Return{Reason: reason})
	return errors.Join(cause, err)
}

// claimedDocument is a claimed task as a document, with its record in it as it is.
func claimedDocument(claimed api.Claimed) bson.Raw {
	return bson.Raw(bsoncore.NewDocumentBuilder().
		AppendDocument("lease", bsoncore.Document(documentOf(claimed.Lease))).
		AppendDocument("record", bsoncore.Document(claimed.Record)).Build())
}

func leaseOf(l hub.Lease) api.Lease {
	return api.Lease{ID: l.ID, MsgID: l.MsgID, Engine: l.Engine, Claimed: l.Claimed, Until: l.Until, Deadline: l.Deadline}
}

// underLease is what every call of an engine says of its lease.
func (s *server) underLease(ctx context.Context, lease, msgID string) (hub.Lease, error) {
	return hub.Lease{ID: lease, MsgID: msgID}, s.mayTouch(ctx, msgID)
}

type renewRequest struct {
	Lease string `path:"lease"`
	Body  api.Renewal
}

func (s *server) renew(ctx context.Context, in *renewRequest) (*body[api.Lease], error) {
	hold, err := durationOf(in.Body.Hold, "body.hold")
	if err != nil {
		return nil, err
	}
	lease, err := s.underLease(ctx, in.Lease, in.Body.MsgID)
	if err != nil {
		return nil, err
	}
	renewed, err := s.hub.Renew(ctx, lease, hold)
	return bodyOf(leaseOf(renewed)), err
}

type outputRequest struct {
	Lease string `path:"lease"`
	Body  api.OutputPiece
}

func (s *server) output(ctx context.Context, in *outputRequest) (*struct{}, error) {
	lease, err := s.underLease(ctx, in.Lease, in.Body.MsgID)
	if err != nil {
		return nil, err
	}
	piece := hub.Output{Stdout: in.Body.Stdout, Stderr: in.Body.Stderr}
	for _, doc := range in.Body.DisplayData {
		piece.DisplayData = append(piece.DisplayData, bson.Raw(doc))
	}
	return nil, s.hub.Output(ctx, lease, piece)
}

type returnRequest struct {
	Lease string `path:"lease"`
	Body  api.Return
}

func (s *server) giveBack(ctx context.Context, in *returnRequest) (*body[api.FinishAnswer], error) {
	delay, err := durationOf(in.Body.Delay, "body.delay")
	if err != nil {
		return nil, err
	}
	lease, err := s.underLease(ctx, in.Lease, in.Body.MsgID)
	if err != nil {
		return nil, err
	}
	state, err := s.hub.Return(ctx, lease, hub.Return{Reason: in.Body.Reason, Delay: delay})
	return bodyOf(api.FinishAnswer{State: string(state)}), err
}

type finishRequest struct {
	Lease string `path:"lease"`
	Body  api.Completion
}

func (s *server) finish(ctx context.Context, in *finishRequest) (*body[api.FinishAnswer], error) {
	lease, err := s.underLease(ctx, in.Lease, in.Body.MsgID)
	if err != nil {
		return nil, err
	}
	c := in.Body
	c.Buffers = append(c.Buffers, partsOf(ctx, 0)...)
	if err := noPartsLeft(ctx); err != nil {
		return nil, err
	}
	state, err := s.hub.Finish(ctx, lease, hub.Result{
		Status: hub.Outcome(c.Status), EName: c.EName, EValue: c.EValue, Traceback: c.Traceback, Reason: c.Reason,
		Content: bson.Raw(c.Content), Header: bson.Raw(c.Header), Metadata: bson.Raw(c.Metadata), Buffers: c.Buffers,
		Started: c.Started, Completed: c.Completed,
	})
	return bodyOf(api.FinishAnswer{State: string(state)}), err
}
