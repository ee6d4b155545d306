package bootstrap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/bootstrap"
)

func TestCommitAheadIsReadAndChecked(t *testing.T) {
	tests := map[string]struct {
		value string
		want  time.Duration
		err   string
	}{
		"off":      {value: "0s"},
		"most":     {value: "1500ms", want: bootstrap.MaxAhead},
		"more":     {value: "1501ms", err: "COMMIT_AHEAD: is 1.501s, want a duration from 0s to 1.5s"},
		"negative": {value: "-1s", err: "COMMIT_AHEAD: is -1s, want"},
		"no unit":  {value: "1", err: "COMMIT_AHEAD: is \"1\", want a duration such as"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("NAMESPACE", "ns")
			t.Setenv("NATS_HOSTS", "nats://127.0.0.1:4222")
			t.Setenv("COMMIT_AHEAD", test.value)
			cfg, err := bootstrap.LoadConfig()
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Ahead == nil || *cfg.Ahead != test.want {
				t.Errorf("got %v, want %s", cfg.Ahead, test.want)
			}
		})
	}
}

func TestCommitAheadIsCheckedWithoutTheEnvironment(t *testing.T) {
	t.Parallel()
	ahead := time.Minute
	_, err := bootstrap.NewWithConn(context.Background(), bootstrap.Config{Ahead: &ahead}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "COMMIT_AHEAD: ") {
		t.Errorf("got %v, want it to name COMMIT_AHEAD", err)
	}
}
