package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// gatherTime is how long schedulers may take to answer.
const gatherTime = time.Second

// Nodes asks all schedulers of the namespace for their state and returns the
// answers by name. It waits until all that send heartbeats have answered, for a
// second at most: one that hangs is missing. That there are none is no error.
func (s *Schedule) Nodes(ctx context.Context) ([]common.NodeState, error) {
	alive, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	what := "ask schedulers for their state"
	subject := s.names.Endpoint(contract.EndpointState)
	limited, cancel := context.WithTimeout(ctx, s.gather)
	defer cancel()
	sub, err := s.nc.SubscribeSync(s.nc.NewInbox())
	if err != nil {
		return nil, explain(what, err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection may be gone
	before := s.nc.LastError()
	if err := s.nc.PublishRequest(subject, sub.Subject, nil); err != nil {
		return nil, explain(what, err)
	}
	states, err := gather(limited, sub, alive)
	switch {
	case ctx.Err() != nil:
		return nil, explain(what, context.Cause(ctx))
	case err != nil:
		return nil, explain(what, err)
	case len(states) == 0:
		err = explain(what, forbidden(before, s.nc.LastError(), subject))
	}
	slices.SortFunc(states, func(a, b common.NodeState) int { return strings.Compare(a.Node, b.Node) })
	return states, err
}

// gather takes answers until all nodes have answered or ctx ends.
func gather(ctx context.Context, sub *nats.Subscription, alive []Node) (states []common.NodeState, err error) {
	missing := map[string]bool{}
	for _, node := range alive {
		missing[node.Name] = true
	}
	seen := map[string]bool{}
	for len(missing) > 0 || len(alive) == 0 {
		msg, err := sub.NextMsgWithContext(ctx)
		switch {
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrNoResponders):
			return states, nil
		case err != nil:
			return nil, err
		}
		var state common.NodeState
		if err := json.Unmarshal(msg.Data, &state); err != nil {
			return nil, fmt.Errorf("an answer is not the state of a scheduler: %w", err)
		}
		delete(missing, state.Node)
		if !seen[state.Node] {
			seen[state.Node] = true
			states = append(states, state)
		}
	}
	return states, nil
}
