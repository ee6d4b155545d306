//go:build e2e

package container_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/shared/contract"
)

// Two namespaces with the same keys on one cluster, each with its own users: both
// fire, each for itself, and none of one's credentials reaches anything of the
// other's.
func TestNamespacesAreIsolated(t *testing.T) {
	t.Parallel()
	s := on(t, mainCluster)
	one, two := s.begin("one"), s.begin("two")
	one.Await(5, patience)
	two.Await(5, patience)
	for _, role := range []string{"client", "worker", "schedule", "admin"} {
		one.checkWall(role, "one", "two")
		one.checkWall(role, "two", "one")
	}
	one.More(3, patience)
	one.Remove()
	two.Remove()
	one.Finish(ledger.Rules{Published: true})
	two.Finish(ledger.Rules{Published: true})
}

// attempts at what is a namespace's, as its users make them; each publishes a
// message to a subject.
var attempts = map[string]func(n contract.Names) (subject, payload string){
	"read a schedule": func(n contract.Names) (string, string) {
		return "$JS.API.DIRECT.GET." + n.BucketStream() + "." + n.BucketSubject("job000"), ""
	},
	"read a schedule from the leader": func(n contract.Names) (string, string) {
		return "$JS.API.STREAM.MSG.GET." + n.BucketStream(), `{"last_by_subj":"` + n.BucketSubject("job000") + `"}`
	},
	"write a schedule": func(n contract.Names) (string, string) { return n.BucketSubject("job000"), "{}" },
	"look at triggers": func(n contract.Names) (string, string) { return "$JS.API.STREAM.INFO." + n.TriggerStream(), "" },
	"take triggers": func(n contract.Names) (string, string) {
		return "$JS.API.CONSUMER.MSG.NEXT." + n.TriggerStream() + ".workers", `{"batch":1}`
	},
	"publish a trigger": func(n contract.Names) (string, string) { return n.Trigger("HTTP", "job000"), "{}" },
	"move a cursor":     func(n contract.Names) (string, string) { return n.Cursor(0), "{}" },
	"write a result":    func(n contract.Names) (string, string) { return n.Result("job000"), "{}" },
	"read results":      consumerOf(contract.Names.ResultStream, contract.Names.Results),
	"watch schedules":   consumerOf(contract.Names.BucketStream, func(n contract.Names) string { return n.BucketSubject(">") }),
	"read triggers":     consumerOf(contract.Names.TriggerStream, contract.Names.Triggers),
	"publish an event":  func(n contract.Names) (string, string) { return n.Event("job000"), "{}" },
	"ask the scheduler": func(n contract.Names) (string, string) { return n.Endpoint("state"), "" },
	"delete the bucket": func(n contract.Names) (string, string) { return "$JS.API.STREAM.DELETE." + n.BucketStream(), "" },
}

// consumerOf makes a consumer of a stream.
func consumerOf(stream, filter func(contract.Names) string) func(contract.Names) (string, string) {
	return func(n contract.Names) (string, string) {
		return "$JS.API.CONSUMER.CREATE." + stream(n) + ".intruder." + filter(n),
			`{"stream_name":"` + stream(n) + `","config":{"name":"intruder","filter_subject":"` + filter(n) + `","ack_policy":"none","inactive_threshold":1000000000}}`
	}
}

// subscriptions to what is a namespace's.
var subscriptions = map[string]func(contract.Names) string{
	"schedules": func(n contract.Names) string { return n.BucketSubject(">") },
	"triggers":  contract.Names.Triggers,
	"results":   contract.Names.Results,
	"events":    contract.Names.Events,
}

// checkWall tries everything with a credential of one namespace on the other, which
// the server refuses. What the role may do in its own namespace is answered, on the
// same connection.
func (l *load) checkWall(role, own, other string) {
	l.t.Helper()
	user := own + "." + role
	nc := l.as(user)
	for name, attempt := range attempts {
		subject, payload := attempt(contract.Names(other))
		l.must(nc.PublishRequest(subject, nc.NewInbox(), []byte(payload)))
		l.wantRefusal(nc, user+" can "+name+" of "+other, subject)
	}
	for name, subject := range subscriptions {
		sub, err := nc.SubscribeSync(subject(contract.Names(other)))
		l.must(err)
		l.wantRefusal(nc, user+" can subscribe to "+name+" of "+other, sub.Subject)
	}
	subject, payload := attempts["look at triggers"](contract.Names(own))
	answer, err := nc.Request(subject, []byte(payload), connectLimit)
	if err != nil || strings.Contains(string(answer.Data), `"error"`) {
		l.t.Errorf("%s cannot look at triggers of its own: %v", user, err)
	}
	if stranger := l.as(user); stranger.LastError() != nil {
		l.t.Errorf("%s is refused before it has asked for anything: %v", user, stranger.LastError())
	}
}

// wantRefusal: the server's refusal is there before the answer to a ping.
func (l *load) wantRefusal(nc *nats.Conn, what, subject string) {
	l.t.Helper()
	l.must(nc.FlushTimeout(connectLimit))
	err := nc.LastError()
	if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `"`+subject+`"`) {
		l.t.Errorf("%s: got %v, want a permissions violation", what, err)
	}
}
