package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/httpapi"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const secret = "a-token-of-thirty-two-characters"

var (
	errNotOpen = errors.New("not open")
	errInvalid = errors.New("invalid")
	errAway    = errors.New("nats://10.0.0.7: away") // must not be shown
)

// published is an event that was published.
type published struct {
	key, data string
	waited    bool
}

// fake is what an API works with.
type fake struct {
	// Answer is the answer to Request; nil: none comes.
	Answer func(key string) (contract.Result, error)
	// Err is the error of Publish and Complete.
	Err error

	mu       sync.Mutex
	events   []published
	tokens   []string
	complete []contract.Completed
}

func (f *fake) Publish(_ context.Context, key string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, published{key, string(data), false})
	return f.Err
}

func (f *fake) Request(ctx context.Context, key string, data []byte) (contract.Result, error) {
	f.mu.Lock()
	f.events = append(f.events, published{key, string(data), true})
	f.mu.Unlock()
	if f.Answer == nil {
		<-ctx.Done()
		return contract.Result{}, ctx.Err()
	}
	return f.Answer(key)
}

func (f *fake) Complete(_ context.Context, token string, c contract.Completed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tokens, f.complete = append(f.tokens, token), append(f.complete, c)
	return f.Err
}

func setup() (*httpapi.API, *fake) {
	f := &fake{}
	return httpapi.New(httpapi.Settings{EventsToken: secret, NotOpen: errNotOpen, Invalid: errInvalid}, f, f), f
}

// request is one that an API gets.
type request struct {
	method string // empty: POST
	path   string
	body   string
	header map[string]string
	token  string // of events; empty: secret, "-": none
	remote string // empty: that of httptest
}

func (r request) send(t *testing.T, api http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	if r.method == "" {
		r.method = http.MethodPost
	}
	req := httptest.NewRequestWithContext(t.Context(), r.method, r.path, strings.NewReader(r.body))
	switch r.token {
	case "":
		req.Header.Set("Authorization", "Bearer "+secret)
	case "-":
	default:
		req.Header.Set("Authorization", r.token)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if r.remote != "" {
		req.RemoteAddr = r.remote
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, req)
	return w
}

// wantError wants an answer with an error about field, whose message holds
// part.
func wantError(t *testing.T, w *httptest.ResponseRecorder, status int, field, part string) {
	t.Helper()
	var got struct {
		Error struct{ Field, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("got %d %q: %v", w.Code, w.Body, err)
	}
	if w.Code != status || got.Error.Field != field || !strings.Contains(got.Error.Message, part) || got.Error.Message == "" {
		t.Errorf("got %d %+v, want %d about %q with %q", w.Code, got.Error, status, field, part)
	}
	if w.Header().Get("Content-Type") != "application/json" || strings.Contains(w.Body.String(), "10.0.0.7") {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
}
