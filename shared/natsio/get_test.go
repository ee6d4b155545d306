package natsio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/natsio"
)

func TestGet(t *testing.T) {
	t.Parallel()
	nc, js := connected(t)
	for _, subject := range []string{"s.a", "s.b", "s.a", "s.b"} {
		msg := nats.NewMsg(subject)
		msg.Data = []byte(subject)
		msg.Header.Set("x", subject)
		if _, err := js.PublishMsg(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
	first, err := natsio.Get(t.Context(), nc, "S", natsio.Query{Sequence: 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query natsio.Query
		want  uint64 // 0: there is none
	}{
		"last of a subject":        {natsio.Query{Last: "s.a"}, 3},
		"next of a subject":        {natsio.Query{Next: "s.b", Sequence: 3}, 4},
		"next of any":              {natsio.Query{Next: "s.>", Sequence: 2}, 2},
		"since a time":             {natsio.Query{Next: "s.b", StartTime: &first.Time}, 2},
		"of a sequence":            {natsio.Query{Sequence: 2}, 2},
		"none of the subject":      {natsio.Query{Last: "s.c"}, 0},
		"none next":                {natsio.Query{Next: "s.a", Sequence: 4}, 0},
		"none of the sequence yet": {natsio.Query{Sequence: 5}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := natsio.Get(t.Context(), nc, "S", c.query)
			if c.want == 0 {
				if !errors.Is(err, natsio.ErrNoMessage) {
					t.Errorf("got %+v, %v", m, err)
				}
				return
			}
			if err != nil || m.Sequence != c.want || string(m.Data) != m.Subject || time.Since(m.Time) > time.Minute {
				t.Fatalf("got %+v, %v, want sequence %d", m, err, c.want)
			}
			if header, err := m.Header(); err != nil || header.Get("x") != m.Subject {
				t.Errorf("got headers %v, %v", header, err)
			}
		})
	}
}

func TestGetWithoutHeaders(t *testing.T) {
	t.Parallel()
	nc, js := connected(t)
	if _, err := js.Publish(t.Context(), "s.a", nil); err != nil {
		t.Fatal(err)
	}
	m, err := natsio.Get(t.Context(), nc, "S", natsio.Query{Last: "s.a"})
	if err != nil {
		t.Fatal(err)
	}
	if header, err := m.Header(); err != nil || header.Get("x") != "" || len(m.Data) != 0 {
		t.Errorf("got %+v, headers %v, %v", m, header, err)
	}
}

func TestGetFails(t *testing.T) {
	t.Parallel()
	nc, _ := connected(t)
	var refused *jetstream.APIError
	if _, err := natsio.Get(t.Context(), nc, "S", natsio.Query{}); !errors.As(err, &refused) || refused.ErrorCode == 0 || refused.Description == "" {
		t.Errorf("a bad query: got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := natsio.Get(ctx, nc, "T", natsio.Query{Last: "a"}); err == nil || errors.Is(err, natsio.ErrNoMessage) {
		t.Errorf("a stream that is not there: got %v", err)
	}
	nc.Close()
	if _, err := natsio.Get(t.Context(), nc, "S", natsio.Query{Last: "a"}); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("a closed connection: got %v", err)
	}
}
