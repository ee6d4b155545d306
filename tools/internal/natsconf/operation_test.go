package natsconf_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// operation is something that a role must or must not be able to do.
type operation struct {
	name string
	do   func(p *probe) error // nil: it was done
}

// Whoever may not do something is told so by the server. Operations that are
// refused otherwise are errors of the test, whichever way they were meant.
var errRefused = errors.New("permission violation")

// probe is a user's connection.
type probe struct {
	t    *testing.T
	nc   *nats.Conn
	js   jetstream.JetStream
	told error // the last error of the connection that is known
	site *site
}

func (s *site) probe(t *testing.T, server int, user string) *probe {
	t.Helper()
	p := &probe{t: t, nc: s.connectTo(t, server, user), site: s}
	var err error
	if p.js, err = jetstream.New(p.nc); err != nil {
		t.Fatal(err)
	}
	return p
}

// refused returns a violation that the server has told of since it was last asked:
// before it answered the flush.
func (p *probe) refused() error {
	if err := p.nc.FlushTimeout(patience); err != nil {
		return err
	}
	last := p.nc.LastError()
	if last == p.told || !errors.Is(last, nats.ErrPermissionViolation) { //nolint:errorlint // the same one
		return nil
	}
	p.told = last
	return fmt.Errorf("%w: %w", errRefused, last)
}

// publish sends a message and waits for nothing.
func publish(subject string) func(*probe) error {
	return func(p *probe) error {
		if err := p.nc.Publish(subject, []byte("{}")); err != nil {
			return err
		}
		return p.refused()
	}
}

// store sends a message that a stream has to acknowledge.
func store(subject string, headers ...string) func(*probe) error {
	return func(p *probe) error {
		_, err := p.ask(message(subject, "{}", headers...))
		return err
	}
}

// request makes a request that has to be answered without an error.
func request(subject, body string) func(*probe) error {
	return func(p *probe) error {
		_, err := p.ask(message(subject, body))
		return err
	}
}

func message(subject, body string, headers ...string) *nats.Msg {
	msg := &nats.Msg{Subject: subject, Data: []byte(body), Header: nats.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		msg.Header.Set(headers[i], headers[i+1])
	}
	return msg
}

// ask returns the answer to a request. An error in it is an error; a server
// does not answer what it refuses.
func (p *probe) ask(msg *nats.Msg) (*nats.Msg, error) {
	inbox := p.nc.NewInbox()
	sub, err := p.nc.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	msg.Reply = inbox
	if err := p.nc.PublishMsg(msg); err != nil {
		return nil, err
	}
	if err := p.refused(); err != nil {
		return nil, err
	}
	answer, err := sub.NextMsg(patience)
	if err != nil {
		return nil, fmt.Errorf("no answer: %w", err)
	}
	return answer, failure(answer)
}

// failure is the error in an answer of the server's, if it is one.
func failure(answer *nats.Msg) error {
	if status := answer.Header.Get("Status"); status != "" {
		return fmt.Errorf("status %s: %s", status, answer.Header.Get("Description"))
	}
	var body struct {
		Error *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if json.Unmarshal(answer.Data, &body) == nil && body.Error != nil {
		return fmt.Errorf("%s (%d)", body.Error.Description, body.Error.Code)
	}
	return nil
}

// subscribe subscribes, with a queue group after a space.
func subscribe(subject string) func(*probe) error {
	return func(p *probe) error {
		subject, queue, _ := strings.Cut(subject, " ")
		sub, err := p.nc.QueueSubscribeSync(subject, queue)
		if err != nil {
			return err
		}
		defer func() { _ = sub.Unsubscribe() }()
		return p.refused()
	}
}

// consume makes a consumer, by the subject and the body of the request.
func consume(stream, name, filter string) func(*probe) error {
	subject := strings.TrimSuffix("$JS.API.CONSUMER.CREATE."+stream+"."+name+"."+filter, ".")
	subject = strings.TrimSuffix(subject, ".")
	body := fmt.Sprintf(`{"stream_name":%q,"config":{"name":%q,"filter_subject":%q,"ack_policy":"none","inactive_threshold":1000000000}}`, stream, name, filter)
	return request(subject, body)
}

// durable makes the consumer that the workers share.
func durable(names contract.Names) func(*probe) error {
	return func(p *probe) error {
		_, err := p.js.CreateOrUpdateConsumer(p.t.Context(), names.TriggerStream(), jetstream.ConsumerConfig{
			Durable: "workers", FilterSubject: names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy, AckWait: time.Minute,
		})
		return errors.Join(err, p.refused())
	}
}

// first is what the stream of a namespace holds before anything is tried.
func (s *site) fill(t *testing.T, namespace string) {
	t.Helper()
	n := contract.Names(namespace)
	s.prepare(t, namespace)
	for _, step := range []struct {
		user string
		do   func(*probe) error
	}{
		{".worker", durable(n)},
		{".schedule", store(n.Cursor(0), "Nats-Rollup", "sub")},
		{".schedule", store(n.Trigger("HTTP", "kept"))},
		{".client", store(n.BucketSubject("kept"))},
		{".worker", store(n.Result("kept"))},
		{".worker", store(n.Dead("kept"))},
		{".worker", store(n.Dead("other"))},
		{".worker", store(n.Dead("third"))},
		{".worker", store(n.Run("kept"))},
	} {
		if err := step.do(s.probe(t, 0, namespace+step.user)); err != nil {
			t.Fatalf("%s%s: %v", namespace, step.user, err)
		}
	}
}

// field returns a string in a JSON object.
func field(data []byte, name string) (string, error) {
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		return "", err
	}
	text, ok := object[name].(string)
	if !ok {
		return "", fmt.Errorf("no %s in %s", name, data)
	}
	return text, nil
}
