package bootstrap_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/bootstrap"
)

func TestLoadConfig(t *testing.T) {
	t.Setenv("MODE", "debug")
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("WORKER_CONCURRENCY", "7")
	c, err := bootstrap.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Concurrency != 7 || c.HTTPAddr != ":8081" || c.Grace != 10*time.Second || c.Namespace != "beta" {
		t.Errorf("got %+v", c)
	}
	for _, wrong := range []string{"many", "-1", "1000000"} {
		t.Setenv("WORKER_CONCURRENCY", wrong)
		_, err := bootstrap.LoadConfig()
		wantError(t, err, "WORKER_CONCURRENCY")
	}
}
