package natsjobs_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

func TestDepth(t *testing.T) {
	t.Parallel()
	q, js := setup(t)
	if _, err := q.Depth(t.Context()); err == nil {
		t.Error("no error without the consumer")
	}
	if err := q.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		put(t, js, names.Trigger(contract.ModeHTTP, "key"), "{}")
	}
	if err := one(t, q).Handle.Retry(time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := one(t, q).Handle.Ack(); err != nil {
		t.Fatal(err)
	}
	one(t, q) // stays in our hands
	for limit := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		d, err := q.Depth(t.Context())
		if err == nil && d.Pending == 2 && d.Unacknowledged == 2 && d.Bytes > 0 && d.Bytes < 1000 && d.MaxBytes == 1<<30 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("got %+v, %v, want 2 pending, one handed back and one in our hands", d, err)
		}
	}
}
