package natsapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/weplanx/workflow/schedule/internal/adapter/natsapi"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

// hand remembers what it is asked for.
type hand struct {
	mu      sync.Mutex
	runs    []contract.RunRequest
	resends []contract.ResendRequest
	fails   error
	block   chan struct{} // closed when a run has begun, which then waits for its context
}

func (h *hand) Run(ctx context.Context, r contract.RunRequest) (contract.RunAnswer, error) {
	if h.block != nil {
		close(h.block)
		<-ctx.Done()
		return contract.RunAnswer{}, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs = append(h.runs, r)
	return contract.RunAnswer{Runs: []contract.RunID{{Index: 1, ID: "run-1", Scheduled: now}}}, h.fails
}

func (h *hand) Resend(_ context.Context, r contract.ResendRequest) (contract.ResendAnswer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.resends = append(h.resends, r)
	return contract.ResendAnswer{Sent: []contract.Resent{{Sequence: 4, Key: "a", Dead: "5f", ID: "5f-1"}}, Next: 5, To: 9}, h.fails
}

func (h *hand) Code(doing string, err error) (code, text string) {
	return contract.CodeUnusable, doing + ": " + err.Error()
}

// byHand offers h and asks it.
func byHand(t *testing.T, h *hand) (ask func(endpoint, request string) *nats.Msg, service *natsapi.Service) {
	t.Helper()
	server := natstest.Start(t)
	own := server.Connect(t)
	service, err := natsapi.Start(own, "ns", node("a"), h, time.Now)
	if err == nil {
		err = own.Flush() // or the server may not know of it yet
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	nc := server.Connect(t)
	return func(endpoint, request string) *nats.Msg {
		t.Helper()
		msg, err := nc.Request(contract.Names("ns").Endpoint(endpoint), []byte(request), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}, service
}

func TestRun(t *testing.T) {
	t.Parallel()
	h := &hand{}
	ask, _ := byHand(t, h)
	const want = `{"runs":[{"index":1,"id":"run-1","scheduled":"2026-03-01T12:00:00Z"}]}`
	for _, request := range []string{`{"key":"a/b","index":0,"request":"r1"}`, `{"key":"a/b"}`, `{"key":"a/b"}`} {
		if msg := ask(contract.EndpointRun, request); string(msg.Data) != want || msg.Header.Get(micro.ErrorHeader) != "" {
			t.Errorf("%s was answered %s %v", request, msg.Data, msg.Header)
		}
	}
	first, second, third := h.runs[0], h.runs[1], h.runs[2]
	if first.Key != "a/b" || first.Index == nil || *first.Index != 0 || first.Request != "r1" {
		t.Errorf("asked for %+v", first)
	}
	if second.Index != nil || second.Request == "" || second.Request == third.Request || len(second.Request) > contract.MaxIDLength {
		t.Errorf("asked for %+v and %+v, want a name of its own each", second, third)
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	h := &hand{}
	ask, _ := byHand(t, h)
	const want = `{"sent":[{"sequence":4,"key":"a","dead":"5f","id":"5f-1"}],"next":5,"to":9}`
	msg := ask(contract.EndpointResend, `{"key":"a","all":true,"since":"2026-03-01T12:00:00Z","outcome":"dead","error_class":"timeout","from":3,"to":9}`)
	if string(msg.Data) != want || msg.Header.Get(micro.ErrorHeader) != "" {
		t.Errorf("answer is %s %v", msg.Data, msg.Header)
	}
	if r := h.resends[0]; r.Key != "a" || !r.All || !r.Since.Equal(now) || r.Outcome != "dead" || r.ErrorClass != "timeout" || r.From != 3 || r.To != 9 {
		t.Errorf("asked for %+v", r)
	}
	ask(contract.EndpointResend, `{"sequences":[1,2]}`)
	if r := h.resends[1]; len(r.Sequences) != 2 || r.All {
		t.Errorf("asked for %+v", r)
	}
}

// What cannot be read for sure is not carried out.
func TestRequestsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := &hand{}
	ask, _ := byHand(t, h)
	for _, request := range []string{
		"", "garbage", "[]", `"a"`, `{"key":1}`, `{"key":"a","index":"0"}`, `{"key":"a","indx":0}`, `{"key":"a"} {"key":"b"}`,
		`{"sequences":[-1]}`, `{"sequences":[1.5]}`, `{"all":"yes"}`, `{"all":true,"since":"yesterday"}`,
	} {
		for _, endpoint := range []string{contract.EndpointRun, contract.EndpointResend} {
			msg := ask(endpoint, request)
			if code, text := msg.Header.Get(micro.ErrorCodeHeader), msg.Header.Get(micro.ErrorHeader); code != contract.CodeInvalid || !strings.HasPrefix(text, "the request cannot be read: ") {
				t.Errorf("%s of %q: error %s %q", endpoint, request, code, text)
			}
		}
	}
	if len(h.runs) != 0 || len(h.resends) != 0 {
		t.Errorf("carried out: %+v %+v", h.runs, h.resends)
	}
}

func TestErrorsAreTranslated(t *testing.T) {
	t.Parallel()
	ask, _ := byHand(t, &hand{fails: errors.New("bad\r\nentry")})
	for endpoint, doing := range map[string]string{contract.EndpointRun: "run by hand", contract.EndpointResend: "send dead letters again"} {
		msg := ask(endpoint, `{"key":"a"}`)
		text := msg.Header.Get(micro.ErrorHeader)
		if msg.Header.Get(micro.ErrorCodeHeader) != contract.CodeUnusable || !strings.HasPrefix(text, doing+": bad") || strings.ContainsAny(text, "\r\n") {
			t.Errorf("%s: headers %v", endpoint, msg.Header)
		}
	}
}

// A service that stops does not wait for what is being done.
func TestStopCutsOff(t *testing.T) {
	t.Parallel()
	h := &hand{block: make(chan struct{})}
	ask, service := byHand(t, h)
	answered := make(chan string, 1)
	go func() {
		answered <- ask(contract.EndpointRun, `{"key":"a"}`).Header.Get(micro.ErrorHeader)
	}()
	<-h.block
	if err := service.Stop(); err != nil {
		t.Error(err)
	}
	if text := <-answered; !strings.Contains(text, "canceled") {
		t.Errorf("answer is %q", text)
	}
}

// FuzzRequest: no panic; a request that is taken is the one that was meant.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"key":"a","index":1}`, `{"all":true,"until":"2026-03-01T12:00:00Z"}`, `{"sequences":[1,2,3]}`, `{"key":"a"}x`, "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if request, err := natsapi.DecodeRun(data); err == nil {
			same(t, data, request)
		}
		if request, err := natsapi.DecodeResend(data); err == nil {
			same(t, data, request)
		}
	})
}

func same[Q any](t *testing.T, data []byte, request Q) {
	t.Helper()
	first, err := json.Marshal(request)
	if err != nil {
		t.Fatalf("%q was taken as %+v, which cannot be written: %v", data, request, err)
	}
	var again Q
	if err := json.Unmarshal(first, &again); err != nil {
		t.Fatalf("%q was taken as %s, which cannot be read: %v", data, first, err)
	}
}
