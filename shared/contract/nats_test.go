package contract_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

func natsOption(t testing.TB, o contract.NatsOption) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A subject can name nothing beyond {namespace}.jobs.
func TestSubject(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"a", "report.daily", "a-b_c/d=e.1", strings.Repeat("x", 128)} {
		if err := contract.CheckOption("NATS", natsOption(t, contract.NatsOption{Subject: ok})); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", ".a", "a.", "a..b", "a b", "*", ">", "a.*", "a.>", "$JS.API.INFO", "_nodes.a", "a\r\nPUB b 0", "a\x00", "a\t", "é", "\xff",
		strings.Repeat("x", 129), strings.Repeat("x.", 10_000),
	} {
		checkField(t, contract.CheckOption("NATS", natsOption(t, contract.NatsOption{Subject: bad})), "subject", "{namespace}.jobs.")
	}
}

func TestNatsHeaders(t *testing.T) {
	t.Parallel()
	for _, ok := range [][2]string{
		{"X-Team", "a"},
		{"x-team", ""},
		{"Authorization", "Bearer x"},
		{"host", "x"},
		{"connection", "x"},
		{"content-type", "text/plain"},
		{"nats", "x"},
		{"Statuses", "x"},
		{"x-a", "a\tb c"},
	} {
		if err := contract.CheckOption("NATS", natsOption(t, contract.NatsOption{Subject: "a", Headers: map[string]string{ok[0]: ok[1]}})); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	const reserved, name, control = "is reserved", "is not a header name", "control character"
	for _, c := range [][3]string{
		{"Nats-Rollup", "all", reserved},
		{"nats-msg-id", "x", reserved},
		{"NATS-TTL", "1s", reserved},
		{"Nats-Expected-Stream", "x", reserved},
		{"Status", "503", reserved},
		{"description", "x", reserved},
		{"TraceParent", "x", reserved},
		{"tracestate", "x", reserved},
		{"Webhook-Id", "x", reserved},
		{"webhook-anything", "x", reserved},
		{"schedule-key", "x", reserved},
		{"", "x", name},
		{"a b", "x", name},
		{"a:", "x", name},
		{"a\r\nb", "x", name},
		{"é", "x", name},
		{strings.Repeat("x", 257), "x", name},
		{"x-a", "a\r\nb: c", control},
		{"x-a", "a\x00b", control},
		{"x-a", strings.Repeat("x", 8193), "longer than 8192"},
	} {
		t.Run(c[0]+" "+c[2], func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption("NATS", natsOption(t, contract.NatsOption{Subject: "a", Headers: map[string]string{c[0]: c[1]}}))
			if err == nil {
				t.Fatalf("header %q: %q was accepted", c[0], c[1])
			}
			if !strings.HasPrefix(err.Field, "headers[") || !strings.Contains(err.Problem, c[2]) {
				t.Errorf("error is %v, want %q", err, c[2])
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00") || len(err.Error()) > 400 {
				t.Errorf("error %q is not fit for a log line", err)
			}
		})
	}
}

func TestNatsOption(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, option, field, want string }{
		{"nothing", ``, "", `want an object with at least "subject"`},
		{"null", `null`, "", "want an object"},
		{"array", `[]`, "", "want an object"},
		{"truncated", `{"subject":`, "", "not JSON"},
		{"no subject", `{}`, "subject", `is ""`},
		{"subject as number", `{"subject":1}`, "", `field "subject" must not be a JSON number`},
		{"request as text", `{"subject":"a","request":"yes"}`, "", `field "request" must not be a JSON string`},
		{"header as number", `{"subject":"a","headers":{"a":1}}`, "", "must not be a JSON number"},
		{"a URL", `{"url":"http://h"}`, "subject", `is ""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption("NATS", json.RawMessage(c.option))
			if err == nil || err.Field != c.field || !strings.Contains(err.Problem, c.want) {
				t.Errorf("error is %v, want field %q with %q", err, c.field, c.want)
			}
		})
	}
}

func TestNATSOfAJob(t *testing.T) {
	t.Parallel()
	job := contract.NatsJob("@daily", contract.NatsOption{Subject: "a", Headers: map[string]string{"a": "b"}, Request: true})
	if o, err := job.NATS(); err != nil || o.Subject != "a" || o.Headers["a"] != "b" || !o.Request {
		t.Errorf("NATS is %+v, %v", o, err)
	}
	if err := (&contract.Schedule{Jobs: []contract.Job{job}}).Check(checkSpec); err != nil {
		t.Error(err)
	}
	_, err := job.HTTP()
	checkField(t, err, "mode", `is "NATS", want "HTTP"`)
	call := contract.HttpJob("@daily", contract.HttpOption{Url: "http://h"})
	_, err = call.NATS()
	checkField(t, err, "mode", `is "HTTP", want "NATS"`)
	broken := contract.Job{Mode: "NATS", Option: json.RawMessage("{")}
	_, err = broken.NATS()
	checkField(t, err, "option", "not JSON")
	unwritable := contract.NatsJob("@daily", contract.NatsOption{Subject: "a", Body: make(chan int)})
	checkField(t, (&contract.Schedule{Jobs: []contract.Job{unwritable}}).Check(checkSpec), "jobs[0].option.body", "cannot be written as JSON")
}
