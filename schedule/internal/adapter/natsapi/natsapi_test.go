package natsapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/weplanx/workflow/schedule/internal/adapter/natsapi"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

type node string

func (n node) State() contract.NodeState {
	return contract.NodeState{NodePing: contract.NodePing{Node: string(n), Ready: true}, Schedules: 3}
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// setup offers the nodes on a server and returns a connection to it.
func setup(t *testing.T, nodes ...node) *nats.Conn {
	t.Helper()
	server := natstest.Start(t)
	for _, n := range nodes {
		own := server.Connect(t)
		s, err := natsapi.Start(own, "ns", n, &hand{}, func() time.Time { return now })
		if err == nil {
			err = own.Flush() // or the server may not know of it yet
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Stop() })
	}
	return server.Connect(t)
}

func TestEveryNodeAnswersPingAndState(t *testing.T) {
	t.Parallel()
	nc := setup(t, "a", "b")
	for _, endpoint := range []string{contract.EndpointPing, contract.EndpointState} {
		inbox := nc.NewRespInbox()
		sub, err := nc.SubscribeSync(inbox)
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.PublishRequest(contract.Names("ns").Endpoint(endpoint), inbox, nil); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range 2 {
			msg, err := sub.NextMsg(10 * time.Second)
			if err != nil {
				t.Fatalf("%s: %v after %v", endpoint, err, seen)
			}
			var s contract.NodeState
			if err := json.Unmarshal(msg.Data, &s); err != nil || !s.Ready {
				t.Errorf("%s answered %s", endpoint, msg.Data)
			}
			seen[s.Node] = true
		}
		if !seen["a"] || !seen["b"] {
			t.Errorf("%s: %v answered, want both", endpoint, seen)
		}
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	nc := setup(t, "a", "b")
	for _, test := range []struct{ name, request, want, fails string }{
		{"cron", `{"job":{"spec":"0 30 9 * * *"},"count":2}`, `{"times":[{"time":"2026-03-02T09:30:00Z"},{"time":"2026-03-03T09:30:00Z"}]}`, ""},
		{"gap", `{"job":{"spec":"30 2 * * *","timezone":"Europe/Berlin"},"after":"2026-03-28T12:00:00Z","count":1}`, `{"times":[{"time":"2026-03-29T01:00:00Z","shift":"gap"}]}`, ""},
		{"skipped gap", `{"job":{"spec":"30 2 * * *","timezone":"Europe/Berlin","dst":{"gap":"skip"}},"after":"2026-03-28T12:00:00Z","count":1}`, `{"times":[{"time":"2026-03-30T00:30:00Z"}]}`, ""},
		{"both of the fold", `{"job":{"spec":"30 2 * * *","timezone":"Europe/Berlin","dst":{"fold":"both"}},"after":"2026-10-24T12:00:00Z","count":2}`, `{"times":[{"time":"2026-10-25T00:30:00Z","shift":"first"},{"time":"2026-10-25T01:30:00Z","shift":"second"}]}`, ""},
		{"ended", `{"job":{"spec":"@hourly","end":"2026-03-01T13:00:00Z"}}`, `{"times":[{"time":"2026-03-01T13:00:00Z"}]}`, ""},
		{"bad spec", `{"job":{"spec":"nonsense"}}`, "", "spec"},
		{"bad policy", `{"job":{"spec":"@hourly","dst":{"gap":"maybe"}}}`, "", "dst.gap"},
		{"too many", `{"job":{"spec":"@hourly"},"count":1001}`, "", "count"},
		{"garbage", `{`, "", "preview request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			msg, err := nc.Request(contract.Names("ns").Endpoint(contract.EndpointPreview), []byte(test.request), 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			problem := msg.Header.Get(micro.ErrorHeader)
			if (test.fails == "") != (problem == "") || !strings.Contains(problem, test.fails) {
				t.Fatalf("error %q, want one about %q", problem, test.fails)
			}
			if got := string(msg.Data); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestServiceIsVisible(t *testing.T) {
	t.Parallel()
	nc := setup(t, "a")
	subject, err := micro.ControlSubject(micro.InfoVerb, "ns-schedule", "")
	if err != nil {
		t.Fatal(err)
	}
	msg, err := nc.Request(subject, nil, 10*time.Second)
	if err != nil || !strings.Contains(string(msg.Data), `"ns.schedule.preview"`) {
		t.Errorf("info %s, %v", msg.Data, err)
	}
}
