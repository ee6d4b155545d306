package loopback_test

import (
	"net"
	"testing"

	"github.com/weplanx/workflow/shared/loopback"
)

// A port can be listened at again and again, and is not the system's to choose
// in between.
func TestReserve(t *testing.T) {
	t.Parallel()
	address := loopback.Address(t)
	for range 3 {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
		if nc, err := net.Dial("tcp", address); err == nil {
			_ = nc.Close()
			t.Error("something listens")
		}
	}
	if another := loopback.Address(t); another == address {
		t.Errorf("%s was reserved twice", address)
	}
}
