package standalone_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/tools/internal/standalone"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const (
	interval = time.Second
	patience = time.Minute
)

// output is a buffer that several may write to.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// program is a running copy.
type program struct {
	standalone.Addresses
	calls    chan standalone.Callback
	out, log *output
	stop     func() // and wait
}

func config(data string) standalone.Config {
	c := standalone.Defaults()
	c.Data, c.NATS, c.HTTP = data, "127.0.0.1:0", "127.0.0.1:0"
	c.DemoInterval = interval
	return c
}

// start runs a copy until stop or the test's cleanup.
func start(t *testing.T, c standalone.Config) *program {
	t.Helper()
	p := &program{calls: make(chan standalone.Callback, 100), out: &output{}, log: &output{}}
	c.Out, c.Log = p.out, p.log
	c.OnCallback = func(callback standalone.Callback) { p.calls <- callback }
	started := make(chan standalone.Addresses, 1)
	c.OnStart = func(a standalone.Addresses) { started <- a }
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- standalone.New(c).Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		at := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if took := time.Since(at); took >= patience {
			t.Errorf("stopping took %s", took)
		}
	})
	t.Cleanup(p.stop)
	select {
	case p.Addresses = <-started:
	case err := <-ended:
		ended <- err
		t.Fatalf("did not start: %v", err)
	case <-time.After(patience):
		t.Fatalf("did not start within %s; log:\n%s", patience, p.log)
	}
	return p
}

// The demo's receiver is the target of an event that a program without NATS
// sends.
func TestEventOverHTTP(t *testing.T) {
	t.Parallel()
	c := config(t.TempDir())
	c.EventsToken = "events-token-of-the-test"
	p := start(t, c)
	defer http.DefaultClient.CloseIdleConnections()
	post := func(token string) int {
		body := strings.NewReader(`{"mode":"HTTP","option":{"url":"` + p.Demo + `"}}`)
		request, err := http.NewRequest(http.MethodPost, "http://"+p.HTTP+"/events/hello?wait", body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if got := post("wrong"); got != http.StatusUnauthorized {
		t.Errorf("with a wrong token: got %d", got)
	}
	for limit := time.Now().Add(patience); ; { // until the worker listens to events
		if got := post(c.EventsToken); got == http.StatusOK {
			break
		} else if time.Now().After(limit) {
			t.Fatalf("got %d; log:\n%s", got, p.log)
		}
	}
	for p.next(t).Key != "hello" {
	}
}

func (p *program) next(t *testing.T) standalone.Callback {
	t.Helper()
	select {
	case c := <-p.calls:
		return c
	case <-time.After(patience):
		t.Fatalf("no callback within %s; log:\n%s", patience, p.log)
		return standalone.Callback{}
	}
}

func (p *program) client(t *testing.T, namespace string) *client.Schedule {
	t.Helper()
	nc, err := nats.Connect(p.NATS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	schedules, err := client.New(namespace, nc, js)
	if err != nil {
		t.Fatal(err)
	}
	return schedules
}

// The same instants: what is stored is not stored again, and the receiver is
// found where it was.
func TestGoesOnAtTheSameInstants(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, config(data))
	before := first.next(t)
	if before.Key != "demo" || before.Status != 200 || before.Attempt != "1" {
		t.Errorf("got %+v", before)
	}
	first.stop()
	for _, want := range []string{data, first.NATS, "schedulectl results demo", "and 127.0.0.0/8, ::1, which a worker", `callback of "demo"  nominal `, "late  answered 200 OK", "goodbye"} {
		if !strings.Contains(first.out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, first.out)
		}
	}

	second := start(t, config(data))
	after := second.next(t)
	if second.Demo != first.Demo {
		t.Errorf("the receiver moved from %s to %s", first.Demo, second.Demo)
	}
	for after.Nominal.Equal(before.Nominal) { // it was cut off before it was recorded
		after = second.next(t)
	}
	// One that was held when the first was stopped may be older.
	if shift := after.Nominal.Sub(before.Nominal) % interval; shift != 0 {
		t.Errorf("fired at %s, then after a restart at %s, which is shifted by %s", before.Nominal, after.Nominal, shift)
	}
	second.stop()
	for line := range strings.Lines(first.log.String() + second.log.String()) {
		if !slow.MatchString(line) {
			t.Errorf("the log is not quiet: %s", line)
		}
	}
}

// slow is what the log tells of a machine that has much else to do.
var slow = regexp.MustCompile(`took too long|processing time|deadline exceeded|timeout`)

// When something else took the receiver's port, the schedule follows.
func TestReceiverMovesWhenItsPortIsTaken(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := start(t, config(data))
	first.stop()
	taken := listen(t, strings.Split(strings.TrimPrefix(first.Demo, "http://"), "/")[0])
	second := start(t, config(data))
	if second.Demo == first.Demo {
		t.Errorf("the receiver is at %s, which is taken by %s", second.Demo, taken.Addr())
	}
	second.next(t)
}

// A schedule named demo that is the user's own stays as it is.
func TestDemoLeavesAForeignScheduleAlone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	without := config(data)
	without.Demo = false
	first := start(t, without)
	if text := first.out.String(); first.Demo != "" || strings.Contains(text, "results demo") || strings.Contains(text, "Careful") {
		t.Errorf("a demo runs although it was switched off:\n%s", first.out)
	}
	const url = "http://127.0.0.1:9/own"
	own := common.HttpJob("0 0 1 1 *", common.HttpOption{Url: url})
	if err := first.client(t, "demo").Set("demo", own); err != nil {
		t.Fatal(err)
	}
	first.stop()
	second := start(t, config(data))
	jobs, err := second.client(t, "demo").Get("demo")
	if err != nil {
		t.Fatal(err)
	}
	if option, err := jobs[0].HTTP(); err != nil || option.Url != url {
		t.Errorf("got %v, %v, want the user's schedule", option, err)
	}
	if !strings.Contains(second.out.String(), "stays as it is") {
		t.Errorf("the output does not say so:\n%s", second.out)
	}
}

// The schedule of a demo goes on without the demo, and its callbacks fail.
func TestSaysThatADemoHasNoReceiver(t *testing.T) {
	t.Parallel()
	c := config(t.TempDir())
	start(t, c).stop()
	c.Demo = false
	without := start(t, c)
	if want := `schedule "demo" of an earlier run fires`; !strings.Contains(without.out.String(), want) {
		t.Errorf("the output lacks %q:\n%s", want, without.out)
	}
	if err := without.client(t, "demo").Pause("demo"); err != nil {
		t.Fatal(err)
	}
	without.stop()
	paused := start(t, c)
	if strings.Contains(paused.out.String(), "Careful") {
		t.Errorf("the output warns of a paused schedule:\n%s", paused.out)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	c := config(t.TempDir())
	c.Namespace = "other"
	p := start(t, c)
	p.next(t)
	defer http.DefaultClient.CloseIdleConnections()
	for limit := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		status, body := p.ready(t)
		if status == http.StatusOK && body["status"] == "ok" {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("got status %d, body %v", status, body)
		}
	}
}

// ready is what the program answers on /readyz.
func (p *program) ready(t *testing.T) (status int, body map[string]string) {
	t.Helper()
	response, err := http.Get("http://" + p.HTTP + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// page is what the program answers on /metrics.
func (p *program) page(t *testing.T) string {
	t.Helper()
	response, err := http.Get("http://" + p.HTTP + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Both parts are in one page, and the demo's callbacks in their numbers: some
// time after the callback, because an attempt counts when it ended.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p := start(t, config(t.TempDir()))
	p.next(t)
	defer http.DefaultClient.CloseIdleConnections()
	wants := []*regexp.Regexp{
		regexp.MustCompile(`(?m)^schedule_ready\{namespace="demo"\} 1$`),
		regexp.MustCompile(`(?m)^worker_ready\{namespace="demo"\} 1$`),
		regexp.MustCompile(`(?m)^go_goroutines\{namespace="demo"\} [1-9]`),
		regexp.MustCompile(`(?m)^schedule_triggers_committed_total\{namespace="demo"\} [1-9]`),
		regexp.MustCompile(`(?m)^worker_attempts_total\{error_class="none",namespace="demo",outcome="success"\} [1-9]`),
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		page := p.page(t)
		missing := slices.IndexFunc(wants, func(want *regexp.Regexp) bool { return !want.MatchString(page) })
		if missing < 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the metrics lack %s after %s:\n%s", wants[missing], patience, page)
		}
	}
}

func TestStopsWhileStarting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := config(t.TempDir())
	c.Out, c.Log = &output{}, &output{}
	if err := standalone.New(c).Run(ctx); err != nil {
		t.Error(err)
	}
}
