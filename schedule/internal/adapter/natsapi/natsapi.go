// Package natsapi offers a scheduler as a NATS micro service: ping, state and
// preview, runs by hand and the sending again of dead letters; visible to
// `nats micro ls`.
package natsapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// version is that of the service's interface.
const version = "1.1.0"

// defaultCount is how many times a preview returns that asks for no number.
const defaultCount = 5

// Node is the scheduler that is offered. Its method is called by many
// goroutines.
type Node interface {
	State() contract.NodeState
}

// Service is a running micro service.
type Service struct {
	micro.Service
	cancel context.CancelFunc
}

// Stop cuts off what is being done and ends the service. The error is that of a
// connection that is gone, and the service with it.
func (s *Service) Stop() error {
	s.cancel()
	return s.Service.Stop()
}

type handler struct {
	node Node
	hand Hand
	now  func() time.Time
}

// Start offers node and hand until Stop is called.
func Start(nc *nats.Conn, names contract.Names, node Node, hand Hand, now func() time.Time) (*Service, error) {
	service, err := micro.AddService(nc, micro.Config{
		Name: names.Service(), Version: version, Description: "scheduler of namespace " + string(names),
		Metadata: map[string]string{"namespace": string(names), "node": node.State().Node},
	})
	if err != nil {
		return nil, fmt.Errorf("offer micro service: %w", err)
	}
	h := &handler{node: node, hand: hand, now: now}
	ctx, cancel := context.WithCancel(context.Background())
	everyone := micro.WithEndpointQueueGroupDisabled()
	for _, e := range []struct {
		name    string
		handle  micro.Handler
		options []micro.EndpointOpt
	}{
		{contract.EndpointPing, micro.HandlerFunc(h.ping), []micro.EndpointOpt{everyone}},
		{contract.EndpointState, micro.HandlerFunc(h.state), []micro.EndpointOpt{everyone}},
		{contract.EndpointPreview, micro.HandlerFunc(h.preview), nil},
		{contract.EndpointRun, micro.ContextHandler(ctx, h.run), nil},
		{contract.EndpointResend, micro.ContextHandler(ctx, h.resend), nil},
	} {
		options := append(e.options, micro.WithEndpointSubject(names.Endpoint(e.name)))
		if err := service.AddEndpoint(e.name, e.handle, options...); err != nil {
			cancel()
			_ = service.Stop()
			return nil, fmt.Errorf("offer endpoint %s: %w", e.name, err)
		}
	}
	return &Service{service, cancel}, nil
}

// Answers are lost with the connection; there is nobody to tell.

func (h *handler) ping(r micro.Request) { _ = r.RespondJSON(h.node.State().NodePing) }

func (h *handler) state(r micro.Request) { _ = r.RespondJSON(h.node.State()) }

func (h *handler) preview(r micro.Request) {
	var request contract.PreviewRequest
	if err := json.Unmarshal(r.Data(), &request); err != nil {
		_ = r.Error("400", "request is not a preview request: "+err.Error(), nil)
		return
	}
	answer, err := Preview(request, h.now())
	if err != nil {
		_ = r.Error("400", err.Error(), nil)
		return
	}
	_ = r.RespondJSON(answer)
}

// Preview computes the answer to a request at the time now.
func Preview(r contract.PreviewRequest, now time.Time) (contract.Preview, error) {
	if r.After.IsZero() {
		r.After = now
	}
	if r.Anchor.IsZero() {
		r.Anchor = r.After
	}
	if r.Count == 0 {
		r.Count = defaultCount
	}
	if r.Count < 0 || r.Count > contract.MaxPreview {
		return contract.Preview{}, &contract.FieldError{Field: "count", Problem: fmt.Sprintf("is %d, want 1 to %d", r.Count, contract.MaxPreview)}
	}
	if err := r.Job.CheckTimes(spec.Check); err != nil {
		return contract.Preview{}, err
	}
	times, err := spec.ForJob(&r.Job)
	if err != nil {
		return contract.Preview{}, err
	}
	answer := contract.Preview{Times: []contract.PreviewTime{}}
	for _, u := range times.Preview(r.After, r.Anchor, r.Count) {
		answer.Times = append(answer.Times, contract.PreviewTime{Time: u.Time, Shift: string(u.Shift)})
	}
	return answer, nil
}
