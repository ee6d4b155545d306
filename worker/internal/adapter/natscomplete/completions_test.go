package natscomplete_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/internal/adapter/natscomplete"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func TestCompletions(t *testing.T) {
	t.Parallel()
	porttest.RunCompletions(t, func(t *testing.T) porttest.Completions {
		server := natstest.Start(t)
		target := server.Connect(t)
		return porttest.Completions{
			CompletionSource: natscomplete.New(server.Connect(t), names),
			Publish: func(t *testing.T, token string, data []byte) func() string {
				return publish(t, target, token, data)
			},
		}
	})
}

func publish(t *testing.T, nc *nats.Conn, token string, data []byte) func() string {
	t.Helper()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(names.Completion(token), inbox, data); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil { // it has reached the server
		t.Fatal(err)
	}
	return func() string {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		var reply contract.CompletedReply
		if err := json.Unmarshal(msg.Data, &reply); err != nil {
			t.Fatal(err)
		}
		return reply.Error
	}
}

// Targets are strangers: they learn what is wrong with their report only.
func TestRepliesTellNothingOfTheInside(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	source, target := natscomplete.New(server.Connect(t), names), server.Connect(t)
	wrong := &contract.FieldError{Field: "outcome", Problem: "is wrong"}
	answers := map[string]error{
		"closed": core.ErrNotOpen, "garbage": contract.ErrMalformed, "wrong": wrong,
		"away": errors.New("stream beta_runs of account A is offline"),
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Receive(ctx, func(c core.Completion) { _ = c.Reply(answers[c.Token]) }) }()
	for token, err := range answers {
		got := ask(t, target, token)
		if known := token != "away"; (got == err.Error()) != known || strings.Contains(got, "account") {
			t.Errorf("%s: got %q", token, got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// ask repeats a report until there is somebody to take it.
func ask(t *testing.T, nc *nats.Conn, token string) string {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		msg, err := nc.Request(names.Completion(token), nil, 5*time.Second)
		if err == nil {
			var reply contract.CompletedReply
			if err := json.Unmarshal(msg.Data, &reply); err != nil {
				t.Fatal(err)
			}
			return reply.Error
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}
