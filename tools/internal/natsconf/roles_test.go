package natsconf_test

import (
	"errors"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	beta  contract.Names = "beta"
	gamma contract.Names = "gamma" // another namespace on the same servers
	omega contract.Names = "omega" // one whose streams are deleted
)

// Each role can do what its programs do, and is told that it may not do the rest.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta", "gamma", "omega"))
	for _, name := range []string{"beta", "gamma", "omega"} {
		s.fill(t, name)
	}
	total := 0
	for _, r := range []struct {
		user          string
		allowed, none []operation
	}{
		{"beta.schedule", scheduleMay, scheduleMayNot},
		{"beta.worker", workerMay, workerMayNot},
		{"beta.client", clientMay, clientMayNot},
		{"omega.admin", adminMay, adminMayNot},
		{"sys", sysMay, nil},
	} {
		s.allows(t, r.user, r.allowed)
		s.refuses(t, r.user, r.none)
		total += len(r.allowed) + len(r.none)
	}
	if total < 60 {
		t.Errorf("%d operations, want at least 60", total)
	}
}

// allows tries one operation after the other: some take away what others read.
func (s *site) allows(t *testing.T, user string, operations []operation) {
	t.Helper()
	for _, op := range operations {
		t.Run(user+"/may "+op.name, func(t *testing.T) {
			if err := op.do(s.probe(t, 0, user)); err != nil {
				t.Error(err)
			}
		})
	}
}

func (s *site) refuses(t *testing.T, user string, operations []operation) {
	t.Helper()
	for _, op := range operations {
		t.Run(user+"/may not "+op.name, func(t *testing.T) {
			if err := op.do(s.probe(t, 0, user)); !errors.Is(err, errRefused) {
				t.Errorf("got %v, want it refused by a permission", err)
			}
		})
	}
}

// Where streams are prepared by an admin, schedulers may not make any.
func TestPreparedSchedulersMakeNoStreams(t *testing.T) {
	t.Parallel()
	config := alone("beta")
	config.Prepared = true
	s := start(t, config)
	for _, op := range []operation{
		{"create a stream", request("$JS.API.STREAM.CREATE."+beta.ResultStream(), "{}")},
		{"create the bucket", request("$JS.API.STREAM.CREATE."+beta.BucketStream(), "{}")},
		{"change the bucket", request("$JS.API.STREAM.UPDATE."+beta.BucketStream(), "{}")},
	} {
		if err := op.do(s.probe(t, 0, "beta.schedule")); !errors.Is(err, errRefused) {
			t.Errorf("%s: got %v, want it refused", op.name, err)
		}
	}
}
