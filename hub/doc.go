// Package hub is the life of a task: it takes tasks in, hands each to one engine at
// a time, keeps what became of it, and answers for it afterwards, over a
// [taskdb.DB] and on every backend that keeps data.
//
// # Design
//
// A hub holds no state that it could not do without. All that it must remember of a
// task is in the task's own record, in its key "hub" ([Notes]), and every step is one
// find-and-modify of that one document. A claim takes the first that is ready, and a renewal what is under
// its lease; every other step is decided on the task as it was read, and written if
// its revision is still the same, else decided anew. So a step is taken by one caller
// or by none, whatever else asks at the same time, in this process or in another on
// the same MongoDB. A step that is followed by others, as a finish is by the release
// of the tasks that waited for it, is written first, and the records tell what is
// still to be done: [Hub.Tend], which an owner calls again and again, does what time
// has made due and what a crash left undone. A hub that is opened again goes on where
// the last one was.
//
// # The life of a task
//
//	Submit ──► waiting ──► ready ──► leased ──► finished
//	                         ▲          │
//	                         └──────────┘ failed or lost, with retries left; given back
//
// A task waits until the tasks it comes after are ok and its not-before time has
// come. Then it is ready, and [Hub.Claim] hands it out, by priority and then age. A
// claim is a lease: it has an id and a time until which it holds, and is renewed
// or finished by that id. A lease that ran out is lost when Tend takes it; until
// then its engine may still renew it or finish. A lost task goes back to its queue
// as long as it has retries left, and so does one that failed; else it is finished
// with the error that IPython's hub gives for a dead engine. An engine that cannot run
// a task, or has to stop before it has begun, gives it back at once. A task that takes longer
// than its time limit is finished with an error, and one that is cancelled, wherever
// it is, as aborted. What is finished does not change again.
//
// The output of a task is that of all its attempts: what one wrote stays when it was
// lost.
//
// A task that comes after others awaits one of them at a time, so that the end of one
// of many costs no more than another's; hub.after still has those that ended ok since it
// was last looked at them. So long no purge removes these; of those that made room in a
// full store it is known how they had ended; and what somebody removes past the hub the
// hub under which it ended ok remembers, in memory.
//
// A task whose dependency fails, is aborted or is gone is aborted, with the reason,
// and so are those that come after it. A dependency that does not exist when the
// task is submitted is the submission's mistake, and refuses it.
//
// [taskdb.State] tells the state of a record, pending, running or finished, for
// these records as for those of other hubs. Waiting and ready are both pending.
//
// A task whose key "hub" somebody broke past the hub stays as it is: what is about it alone
// fails, and all else goes on. A purge with Force removes it.
//
// # Records of other hubs
//
// A record without the key "hub" was written by another hub, as IPython's. It is
// shown, counted, purged, cancelled and resubmitted like others, but claimed only
// if a claim asks for such. From then on it is this hub's, with no retries.
//
// # Errors
//
// Errors tell the operation and the msg_id, and are tested for with [errors.Is] and
// [errors.As]: those of this package, taskdb.ErrNotFound for a task that is not
// there, and a *query.Error for a filter or a task that is wrong.
//
// A Hub is safe for use by many goroutines at once.
package hub
