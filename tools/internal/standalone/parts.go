package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/setting"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// workerGrace is how long callbacks under way may take to finish when the
// program stops. Those that take longer are made again with the next start.
const workerGrace = 2 * time.Second

// addParts makes a scheduler and a worker that are not running yet.
func (s *Server) addParts(ctx context.Context) error {
	shared := config.Defaults(s.config.HTTP)
	shared.Namespace = s.config.Namespace
	shared.NATS.Hosts = []string{s.nats.Addr().String()}
	shared.NATS.Replicas = 1
	shared.Log = s.log

	nc, err := s.connect("scheduler")
	if err != nil {
		return err
	}
	scheduler, err := schedule.NewWithConn(ctx, schedule.Config{Config: shared, Tracing: s.config.Tracing}, nc)
	if err != nil {
		return fmt.Errorf("scheduler: %w", err)
	}
	s.parts = append(s.parts, part{"scheduler", scheduler})

	if nc, err = s.connect("worker"); err != nil {
		return err
	}
	w, err := worker.NewWithConn(ctx, worker.Config{
		Config: shared, Grace: workerGrace, EventsToken: s.config.EventsToken, URL: ownURL(s.listener.Addr()), EgressAllow: s.config.Egress,
		WebhookSecrets: s.config.Secrets, Tracing: s.config.Tracing,
	}, nc)
	if wrong, ok := errors.AsType[*setting.Error](err); ok && wrong.Name == "EGRESS_ALLOW" {
		return &setting.Error{Name: flagEgress, Problem: wrong.Problem}
	}
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	s.parts = append(s.parts, part{"worker", w})
	s.api = w.Handler()
	return nil
}

// ownURL is where the targets of callbacks reach this program. Empty: it
// listens on all addresses, and which of them they reach is not known.
func ownURL(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil || at.Addr().IsUnspecified() {
		return ""
	}
	return "http://" + at.String()
}
