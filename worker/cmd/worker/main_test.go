package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	natstest.VerifyTestMain(m)
}

func TestRunNamesTheWrongVariable(t *testing.T) {
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("HTTP_ADDR", "nowhere")
	var wrong *config.Error
	if err := run(t.Context()); !errors.As(err, &wrong) || wrong.Name != "HTTP_ADDR" {
		t.Errorf("got %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	server := natstest.Start(t)
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", server.URL())
	t.Setenv("HTTP_ADDR", "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	nc := server.Connect(t)
	for subs := 0; subs == 0; time.Sleep(10 * time.Millisecond) { // until it listens to events
		if msg, err := nc.Request("beta.events.k", []byte("{}"), time.Second); err == nil && len(msg.Data) > 0 {
			subs++
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the program does not end")
	}
}
