package bootstrap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// canary is in all that is secret and can be chosen.
const canary = "canary"

// secrets are those of a worker and of its long jobs.
type secrets struct {
	user, seed string   // of NATS; the first is public
	signing    []string // without whsec_, newest first
	events     string
	collector  string
	key        string // of the tokens

	mu     sync.Mutex
	tokens []string // that targets were given
}

func newSecrets(t *testing.T) *secrets {
	t.Helper()
	s := &secrets{events: canary + "-of-the-events", collector: canary + "-of-the-collector"}
	s.user, s.seed = natstest.NkeyUser(t)
	for _, name := range []string{"newest", "older"} {
		s.signing = append(s.signing, base64.StdEncoding.EncodeToString([]byte(canary+"-that-signs-and-is-the-"+name)))
	}
	return s
}

// configure has a worker use them.
func (s *secrets) configure(c *bootstrap.Config) {
	c.NATS.Nkey = s.seed
	for _, secret := range s.signing {
		c.WebhookSecrets = append(c.WebhookSecrets, "whsec_"+secret)
	}
	c.EventsToken = s.events
	c.Tracing.Headers = "authorization=Bearer%20" + s.collector
	c.URL = "http://worker.test/" + canary
}

var subjectGiven = regexp.MustCompile(`(?i)` + contract.HeaderCompleteSubject + `: *(\S+)`)

// given notes the token in the headers of a call.
func (s *secrets) given(headers string) {
	if found := subjectGiven.FindStringSubmatch(headers); found != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tokens = append(s.tokens, found[1][strings.LastIndex(found[1], ".")+1:])
	}
}

// token returns the one of an occurrence.
func (s *secrets) token(t *testing.T, id string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.tokens, func(token string) bool { return strings.HasPrefix(token, id) })
	if at < 0 {
		t.Fatalf("no target was given a token of %s", id)
	}
	return s.tokens[at]
}

// tells reports whether text holds any secret.
func (s *secrets) tells(text string) bool {
	return strings.Contains(text, canary) || s.tellsOfWorker(text) || s.key != "" && strings.Contains(text, s.key)
}

// tellsOfWorker reports whether text holds a secret that is not a job's.
func (s *secrets) tellsOfWorker(text string) bool {
	all := append([]string{s.seed, s.events, s.collector}, s.signing...)
	for _, secret := range s.signing {
		plain, _ := base64.StdEncoding.DecodeString(secret)
		all = append(all, string(plain), strings.TrimRight(secret, "="))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.tokens {
		all = append(all, token[len(token)-22:]) // the part that is secret
	}
	return slices.ContainsFunc(all, func(secret string) bool { return strings.Contains(text, secret) })
}

// startWith runs a worker that connects as its settings say.
func (b *bench) startWith(t *testing.T, change func(*bootstrap.Config)) *running {
	t.Helper()
	c := b.config()
	c.NATS.Hosts = []string{b.server.URL()}
	change(&c)
	app, err := bootstrap.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, app, nil)
}

// tap keeps the messages of the streams as they are published.
type tap struct {
	mu   sync.Mutex
	kept []*nats.Msg
}

func (b *bench) tap(t *testing.T) *tap {
	t.Helper()
	p := &tap{}
	for _, subject := range []string{b.names.Triggers(), b.names.Deads(), b.names.Runs(), b.names.Results()} {
		_, err := b.nc.Subscribe(subject, func(m *nats.Msg) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.kept = append(p.kept, m)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *tap) heard() []*nats.Msg {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.kept)
}

// knock has events and reports come in over HTTP, with the right token and with
// wrong ones, and returns for how many keys there will be records.
func (b *bench) knock(t *testing.T, api http.Handler, s *secrets) (keys int) {
	t.Helper()
	event, err := json.Marshal(contract.Event{Mode: contract.ModeHTTP, Option: httpOption(t, "http://127.0.0.1:1")})
	if err != nil {
		t.Fatal(err)
	}
	at := func(path, token string, want int) bool {
		r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(event))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if api.ServeHTTP(w, r); s.tells(w.Body.String()) {
			t.Errorf("%s was answered %s", path, w.Body)
		}
		return w.Code == want
	}
	eventually(t, "the worker listens to events", func() bool { return at("/events/knock", s.events, http.StatusAccepted) })
	if !at("/events/refused", canary+"-of-a-stranger", http.StatusUnauthorized) || !at("/events/bad%20key", s.events, http.StatusUnprocessableEntity) ||
		!at("/complete/"+canary, "", http.StatusUnprocessableEntity) {
		t.Error("a request that is wrong was not refused as it should be")
	}
	return 1
}

// askAll has jobs of mode NATS run whose services answer in every way, and
// returns for how many keys.
func (b *bench) askAll(t *testing.T, s *secrets) (keys int) {
	t.Helper()
	for subject, headers := range map[string]nats.Header{
		"answers": {}, "fails": {"Nats-Service-Error-Code": {"500"}, "Nats-Service-Error": {"%s"}}, "garbles": {"Nats-Service-Error-Code": {"%s"}},
		"accepts": {contract.HeaderComplete: {contract.CompleteCallback}}, "misses": nil,
	} {
		if headers != nil {
			b.replies(t, subject, headers, s)
		}
		option, err := json.Marshal(contract.NatsOption{
			Subject: subject, Headers: map[string]string{"Authorization": "Bearer " + canary, "X-Key": canary},
			Body: map[string]string{"password": canary}, Request: true, NoExcerpt: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		trigger := b.trigger("nats-"+subject, "")
		trigger.Mode, trigger.Option, trigger.Attempts = contract.ModeNATS, option, 1
		b.publish(t, trigger)
		keys++
	}
	return keys
}

// replies answers requests with what they hold, and with headers in which %s is
// that, too.
func (b *bench) replies(t *testing.T, subject string, headers nats.Header, s *secrets) {
	t.Helper()
	_, err := b.nc.Subscribe(b.names.Job(subject), func(m *nats.Msg) {
		words := []string{string(m.Data)}
		for name, values := range m.Header {
			words = append(words, name+": "+strings.Join(values, " "))
		}
		asked := strings.Join(words, " ")
		s.given(asked)
		reply := nats.NewMsg(m.Reply)
		reply.Data = []byte(asked)
		for name, values := range headers {
			reply.Header.Set(name, strings.ReplaceAll(values[0], "%s", asked))
		}
		_ = b.nc.PublishMsg(reply)
	})
	if err == nil {
		err = b.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// poison publishes triggers that cannot be run and returns of how many keys.
func (b *bench) poison(t *testing.T) (keys int) {
	t.Helper()
	const times = `"scheduled":"2026-01-02T03:04:05Z","due":"2026-01-02T03:04:05Z"`
	for key, data := range map[string]string{
		"poison-text":   canary,
		"poison-cut":    `{"v":1,"id":"1","key":"poison-cut","option":{"headers":{"Authorization":"Bearer ` + canary,
		"poison-id":     `{"v":1,"id":"` + canary + ` 1","key":"poison-id","mode":"HTTP","option":{"url":"http://` + canary + `"},` + times + `}`,
		"poison-mode":   `{"v":1,"id":"1","key":"poison-mode","mode":"FTP","option":{"password":"` + canary + `"},` + times + `}`,
		"poison-option": `{"v":1,"id":"2","key":"poison-option","mode":"HTTP","option":"` + canary + `","deadline":"720h",` + times + `}`,
		"poison-header": `{"v":1,"id":"3","key":"poison-header","mode":"HTTP","option":{"url":"http://a","headers":{"a":"` + canary + `\r\n"}},"deadline":"720h",` + times + `}`,
		"poison-type":   `{"v":1,"id":"4","key":"poison-type","mode":"HTTP","option":{"url":["` + canary + `"],"headers":"` + canary + `"},"deadline":"720h",` + times + `}`,
	} {
		b.publishRaw(t, b.names.Trigger(contract.ModeHTTP, key), []byte(data))
		keys++
	}
	return keys
}

// report ends the long jobs but one, and reads the key of their tokens.
func (b *bench) report(t *testing.T, s *secrets) {
	t.Helper()
	for _, r := range b.records(t) {
		if r.Reason != contract.ReasonOpen || r.Key == "open" {
			continue
		}
		eventually(t, "a report of "+r.Key+" is taken", func() bool {
			answer, err := b.nc.Request(b.names.Completion(s.token(t, r.ID)), []byte(`{"outcome":"failed","error":"no paper"}`), 5*time.Second)
			return err == nil && !strings.Contains(string(answer.Data), "error")
		})
	}
	for _, key := range []string{"long", "nats-accepts"} {
		eventually(t, "the end of "+key+" is recorded", func() bool {
			return slices.ContainsFunc(b.records(t), func(r contract.Result) bool { return r.Key == key && r.Kind == contract.KindFinal })
		})
	}
	stream, err := b.js.Stream(t.Context(), b.names.RunStream())
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), b.names.Run("key"))
	if err != nil {
		t.Fatal(err)
	}
	var envelope struct {
		State string `json:"state"`
	}
	if err := json.Unmarshal(msg.Data, &envelope); err != nil || envelope.State == "" {
		t.Fatalf("the key of tokens cannot be read: %v", err)
	}
	s.key = envelope.State
}
