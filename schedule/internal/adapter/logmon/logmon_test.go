package logmon_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestTroubleIsNotRepeatedForAWhile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Now()
	m := logmon.New(logging.New("release", &out), "ns", "n", func() time.Time { return now })
	for range 5 {
		m.Trouble("publish triggers", 3, core.ErrFull)
		m.Trouble("publish triggers", 4, core.ErrFull)
	}
	if n := strings.Count(out.String(), "\n"); n != 2 {
		t.Errorf("%d lines, want one a partition:\n%s", n, out.String())
	}
	now = now.Add(time.Minute)
	m.Trouble("publish triggers", 3, core.ErrFull)
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines after a minute, want one more", n)
	}
}

func TestLinesNameWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		call func(*logmon.Monitor)
		want []string
	}{
		{
			"bad entry", func(m *logmon.Monitor) { m.BadEntry("billing", 7, errors.New("spec: is empty")) },
			[]string{`"msg":"bad entry"`, `"key":"billing"`, `"revision":7`, `"error":"spec: is empty"`, `"namespace":"ns"`, `"node":"n"`},
		},
		{
			"ownership", func(m *logmon.Monitor) { m.Owned([]int{1, 2}, []string{"n", "o"}) },
			[]string{`"partitions":[1,2]`, `"nodes":["n","o"]`},
		},
		{
			"loading", func(m *logmon.Monitor) { m.Loading(100_000, false); m.Loading(123_456, true) },
			[]string{`"loading schedules"`, `"schedules":100000`, `"schedules loaded"`, `"schedules":123456`},
		},
		{
			"trouble", func(m *logmon.Monitor) { m.Trouble("watch schedules", -1, errors.New("gone")) },
			[]string{`"doing":"watch schedules"`, `"error":"gone"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			test.call(logmon.New(logging.New("release", &out), "ns", "n", time.Now))
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s\nlacks %s", out.String(), want)
				}
			}
		})
	}
}
