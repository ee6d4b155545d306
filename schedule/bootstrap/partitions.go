package bootstrap

import (
	"context"
	"errors"
	"strconv"

	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/topology"
)

// MaxPartitions is the most that Repartition sets.
const MaxPartitions = 256

// Repartition changes the number of partitions of a namespace that is set up,
// and returns how many there were. Schedulers may be running: they begin anew
// within seconds, and no occurrence is lost or published twice. More partitions
// let more schedulers share the work and more commits be under way at once.
func Repartition(ctx context.Context, cfg Config, count int) (before int, err error) {
	if count < 1 || count > MaxPartitions {
		return 0, &config.Error{Name: "-partitions", Problem: "is " + strconv.Itoa(count) + ", want 1 to " + strconv.Itoa(MaxPartitions)}
	}
	nc, err := natsconn.Connect(ctx, cfg.NATS, "schedule "+cfg.Namespace, cfg.logger())
	if err != nil {
		return 0, err
	}
	defer nc.Close()
	js, err := newJetStream(nc)
	if err != nil {
		return 0, err
	}
	names := newNames(cfg)
	info, err := newTopology(ctx, cfg, js, names)
	if err != nil {
		return 0, err
	}
	p := natspub.New(nc, names)
	before, err = insist(ctx, cfg, func() (int, error) { return partitions(ctx, p, info) })
	if err != nil {
		return 0, err
	}
	if before != count {
		if err := p.Repartition(ctx, before, count); err != nil {
			return before, err
		}
	}
	return before, topology.SetPartitions(ctx, js, names, count)
}

// partitions returns how many partitions a namespace has.
func partitions(ctx context.Context, p *natspub.Publisher, info topology.Info) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	n, err := p.Partitions(ctx, info.Partitions)
	if errors.Is(err, core.ErrNoCursor) {
		return 0, errors.New("the namespace is not set up yet; start a scheduler first")
	}
	return n, away(err)
}
