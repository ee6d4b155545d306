package bootstrap_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// What is secret of a job (headers, body, URL), of the worker (what signs, its
// tokens, its NATS user, what the collector of traces wants) and of a long job
// (the token of its completion) reaches neither log nor traces nor metrics nor
// any message, header or data, of the streams, however a call ends and whatever
// a target answers.
//
// There are three exceptions, all of them of what users put in and none of the
// rest. Triggers hold the job that is to be run, as the stored schedule does; dead
// letters hold the trigger, so that it can be sent again; and the state of a long
// job that is under way does, so that it can become a dead letter. Excerpts are
// what the target says; the jobs here want none. Into metrics not even keys and
// hosts get.
//
//nolint:paralleltest // the standard logger is looked at
func TestNoSecretIsTold(t *testing.T) {
	out, collector := captured(t), tracetest.Start(t)
	s := newSecrets(t)
	server := natstest.Start(t, natstest.WithNkeyUsers(s.user))
	b := onConnection(t, server, server.ConnectWithSeed(t, s.seed), "beta")
	bus := b.tap(t)
	worker := b.startWith(t, func(c *bootstrap.Config) {
		s.configure(c)
		c.Tracing.Endpoint, c.Tracing.Delay = collector.URL, "100"
		c.Log = logging.New("debug", out)
	})
	targets := telltales(t, s)
	wanted := b.knock(t, worker.app.Handler(), s) + b.callAll(t, targets) + b.askAll(t, s) + b.poison(t)
	eventually(t, "every call was recorded", func() bool {
		seen := map[string]bool{}
		for _, r := range b.records(t) {
			seen[r.Key] = true
		}
		return len(seen) == wanted
	})
	b.report(t, s)
	server.Restart(t)
	eventually(t, "the worker is connected again", func() bool {
		return worker.app.Ready() == nil && b.nc.IsConnected() && strings.Contains(out.String(), "nats reconnected")
	})
	checkMetrics(t, exported(t, worker.app), targets, s)
	collector.Await(t, "all of these calls are in the traces", func([]tracetest.Span) bool {
		return missing(string(collector.Sent()), inTraces) == ""
	})
	worker.stop() // which sends the last spans, and targets need not wait for more on idle connections
	checkLog(t, out.String(), s)
	checkTraces(t, collector, s)
	checkMessages(t, b, bus, s)
}

func checkLog(t *testing.T, lines string, s *secrets) {
	t.Helper()
	for line := range strings.Lines(lines) {
		if s.tells(line) {
			t.Errorf("the log tells it: %s", line)
		}
	}
	if word := missing(lines, inLog); word != "" {
		t.Errorf("the log does not say %q: it is not that of these calls", word)
	}
}

func checkTraces(t *testing.T, collector *tracetest.Collector, s *secrets) {
	t.Helper()
	traces := string(collector.Sent())
	if s.tells(traces) {
		t.Errorf("the traces tell it: %q", traces)
	}
	if got := collector.Headers()[0].Get("Authorization"); got != "Bearer "+s.collector {
		t.Errorf("the collector was sent %q", got)
	}
}

// What logs and traces of these calls say.
var (
	inLog = []string{
		"attempt started", "attempt finished", "egress", "protocol", "network", "timeout", "tls", "connect", "status", "invalid",
		"outcome=dead", "outcome=failed", "nobody listens", "nats connected", "nats disconnected", "nats reconnected", "trigger handed back",
	}
	inTraces = []string{
		"POST", "NATS", "record", "127.0.0.1", "egress", "protocol", "network", "timeout", "tls", "connect", "404", "invalid",
	}
)

// missing returns a word that text does not hold.
func missing(text string, words []string) string {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return word
		}
	}
	return ""
}

// checkMetrics looks for secrets, keys, hosts and URLs in metrics, and for those
// of the calls.
func checkMetrics(t *testing.T, text string, targets map[string]string, s *secrets) {
	t.Helper()
	for line := range strings.Lines(text) {
		if s.tells(line) || strings.Contains(line, "127.0.0.1") || strings.Contains(line, "//") {
			t.Errorf("the metrics tell it: %s", line)
		}
		for key, url := range targets {
			if strings.Contains(line, "event-"+key) || strings.Contains(line, strings.TrimLeft(url, "htps:/")) {
				t.Errorf("the metrics tell of %s: %s", key, line)
			}
		}
	}
	for _, class := range []string{"egress", "protocol", "network", "timeout", "tls", "connect", "status", "invalid"} {
		if !strings.Contains(text, `error_class="`+class+`"`) || counted(text, class) == 0 {
			t.Errorf("the metrics do not count %q: they are not those of these calls", class)
		}
	}
}

// checkMessages looks at what is in the streams, and at what was in them.
func checkMessages(t *testing.T, b *bench, bus *tap, s *secrets) {
	t.Helper()
	messages := bus.heard()
	for _, stream := range []string{b.names.TriggerStream(), b.names.DeadStream(), b.names.RunStream(), b.names.ResultStream()} {
		stored := b.stored(t, stream)
		if len(stored) == 0 {
			t.Errorf("nothing is in stream %s", stream)
		}
		for _, m := range stored {
			messages = append(messages, &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Data})
		}
	}
	told := map[string]int{} // what users put in, by the kind of message
	for _, m := range messages {
		headers, err := json.Marshal(m.Header)
		if err != nil {
			t.Fatal(err)
		}
		kind, users, rest := split(t, b.names, m)
		if s.tells(m.Subject+string(headers)+rest) || s.tellsOfWorker(users) {
			t.Errorf("a message tells it: %s %s %s", m.Subject, headers, m.Data)
		}
		if strings.Contains(users, canary) {
			told[kind]++
		}
	}
	for _, kind := range []string{"trigger", "dead letter", "long job"} {
		if told[kind] == 0 {
			t.Errorf("no %s holds what it may: this test looks at something else", kind)
		}
	}
}

// split takes apart what users put into a message, as far as it may be there, and
// the rest.
func split(t *testing.T, names contract.Names, m *nats.Msg) (kind, users, rest string) {
	t.Helper()
	switch subject := m.Subject; {
	case strings.HasPrefix(subject, strings.TrimSuffix(names.Triggers(), ">")):
		return "trigger", string(m.Data), ""
	case subject == names.Run("key"):
		return "key", string(m.Data), ""
	case strings.HasPrefix(subject, names.Dead("")):
		letter, err := contract.Decode[contract.Dead](m.Data)
		if err != nil {
			t.Fatal(err)
		}
		letter.Trigger, letter.Data = nil, nil
		data, err := contract.Encode(letter)
		if err != nil {
			t.Fatal(err)
		}
		return "dead letter", string(m.Data), string(data)
	case strings.HasPrefix(subject, names.Run("open.")):
		return "long job", string(m.Data), withoutTrigger(t, m.Data)
	}
	return "", "", string(m.Data)
}

// withoutTrigger is the state of a long job without the trigger in it.
func withoutTrigger(t *testing.T, data []byte) string {
	t.Helper()
	if len(data) == 0 {
		return ""
	}
	var envelope struct {
		State map[string]json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(data, &envelope); err != nil {
		t.Fatal(err)
	}
	delete(envelope.State, "trigger")
	rest, err := json.Marshal(envelope.State)
	if err != nil {
		t.Fatal(err)
	}
	return string(rest)
}
