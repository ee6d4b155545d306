package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// client makes calls that look like a worker's, with nothing around them.
type client struct {
	namespace string
	transport *http.Transport
}

func newClient(namespace string, concurrency int) *client {
	return &client{namespace, &http.Transport{MaxIdleConnsPerHost: concurrency, DisableCompression: true}}
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// call makes the call of a trigger and returns the status.
func (c *client) call(ctx context.Context, t *contract.Trigger) (int, error) {
	var option struct {
		URL  string          `json:"url"`
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(t.Option, &option); err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, option.URL, bytes.NewReader(option.Body))
	if err != nil {
		return 0, err
	}
	for name, value := range map[string]string{
		"content-type": "application/json", contract.HeaderID: t.ID, contract.HeaderKey: t.Key,
		contract.HeaderNamespace: c.namespace, contract.HeaderTime: t.Scheduled.UTC().Format(time.RFC3339Nano),
		contract.HeaderTimestamp: strconv.FormatInt(time.Now().Unix(), 10), contract.HeaderIndex: "0",
		contract.HeaderAttempt: "1", contract.HeaderTrace: "00-" + t.ID + "-" + t.ID[:16] + "-00",
		contract.HeaderAgent: "weplanx-workflow/dev",
	} {
		request.Header.Set(name, value)
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// bare makes count calls, without NATS.
func (n *namespace) bare(count, concurrency int, url string) {
	n.b.Helper()
	c := newClient(string(n.names), concurrency)
	defer c.close()
	trigger, err := contract.Decode[contract.Trigger](n.trigger(0, time.Now(), url, 0).Data)
	if err != nil {
		n.b.Fatal(err)
	}
	var calling sync.WaitGroup
	for i := range concurrency {
		calling.Go(func() {
			for range part(count, concurrency, i) {
				if _, err := c.call(context.Background(), &trigger); err != nil {
					n.b.Errorf("call: %v", err)
					return
				}
			}
		})
	}
	calling.Wait()
}

// part is the i-th of as equal parts as there can be.
func part(count, parts, i int) int { return count*(i+1)/parts - count*i/parts }

// loop is what any worker has to do, and nothing else: pull,
// decode, call, publish as many records as given without waiting for the
// acknowledgement of one before the next, and acknowledge the trigger when they
// are stored. It fails on whatever does not succeed.
type loop struct {
	*namespace

	*client
	records int
	settled chan settlement
}

// settlement is a trigger whose records are on their way.
type settlement struct {
	trigger jetstream.Msg
	records []jetstream.PubAckFuture
}

// ideal runs the loop until stop.
func (n *namespace) ideal(records, concurrency int) (stop func()) {
	n.b.Helper()
	l := &loop{n, newClient(string(n.names), concurrency), records, make(chan settlement, 4*concurrency)}
	ctx, cancel := context.WithCancel(context.Background())
	messages, err := n.pullConsumer(ctx).Messages(jetstream.PullMaxMessages(4 * concurrency))
	if err != nil {
		n.b.Fatal(err)
	}
	var pulling, settling sync.WaitGroup
	queue := make(chan jetstream.Msg)
	pulling.Go(func() {
		defer close(queue)
		for {
			msg, err := messages.Next()
			if err != nil {
				return // stopped
			}
			queue <- msg
		}
	})
	for range concurrency {
		pulling.Go(func() {
			for msg := range queue {
				l.run(ctx, msg)
			}
		})
	}
	settling.Go(l.settle)
	return func() {
		messages.Stop()
		pulling.Wait()
		close(l.settled)
		settling.Wait()
		cancel()
		l.close()
	}
}

func (l *loop) run(ctx context.Context, msg jetstream.Msg) {
	trigger, err := contract.Decode[contract.Trigger](msg.Data())
	if err != nil {
		l.b.Errorf("trigger: %v", err)
		return
	}
	started := time.Now()
	status, err := l.call(ctx, &trigger)
	if err != nil {
		l.b.Errorf("call: %v", err)
		return
	}
	s := settlement{trigger: msg}
	for _, kind := range []string{contract.KindFinal, contract.KindAttempt}[:l.records] {
		future, err := l.publish(&trigger, kind, status, started)
		if err != nil {
			l.b.Errorf("record: %v", err)
			return
		}
		s.records = append(s.records, future)
	}
	l.settled <- s
}

func (l *loop) publish(t *contract.Trigger, kind string, status int, started time.Time) (jetstream.PubAckFuture, error) {
	data, err := contract.Encode(contract.Result{
		Kind: kind, ID: t.ID, Key: t.Key, Index: t.Index, Mode: t.Mode, Scheduled: t.Scheduled, Due: t.Due,
		Started: started.UTC(), Finished: time.Now().UTC(), Attempt: 1, Outcome: contract.OutcomeSuccess, Status: status,
		Worker: "localhost-12345", Lateness: contract.Duration(started.Sub(t.Due)), TraceID: t.ID,
	})
	if err != nil {
		return nil, err
	}
	return l.js.PublishAsync(l.names.Result(t.Key), data, jetstream.WithMsgID(t.ID+"."+kind),
		jetstream.WithExpectStream(l.names.ResultStream()), jetstream.WithStallWait(patience))
}

// settle acknowledges triggers in the order in which their records were
// published.
func (l *loop) settle() {
	for s := range l.settled {
		for _, record := range s.records {
			select {
			case <-record.Ok():
			case err := <-record.Err():
				l.b.Errorf("record: %v", err)
			}
		}
		if err := s.trigger.Ack(); err != nil {
			l.b.Errorf("acknowledge: %v", err)
		}
	}
}
