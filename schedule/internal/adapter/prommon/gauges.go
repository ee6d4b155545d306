package prommon

import (
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/metrics"
)

// gauges are the figures of a node.
var gauges = []metrics.Gauge[core.Figures]{
	{
		Name: "schedule_ready", Help: "1 when the node fires what falls to it, as /readyz says; 0 otherwise.",
		Value: func(f core.Figures) float64 { return metrics.Bool(f.Ready) },
	},
	{
		Name: "schedule_alive_schedulers", Help: "Schedulers of the namespace that this node takes for alive, itself included.",
		Value: func(f core.Figures) float64 { return float64(f.Schedulers) },
	},
	{
		Name: "schedule_partitions", Help: "Partitions that the namespace has.",
		Value: func(f core.Figures) float64 { return float64(f.Partitions) },
	},
	{
		Name: "schedule_owned_partitions", Help: "Partitions that this node is to publish for.",
		Value: func(f core.Figures) float64 { return float64(f.Owned) },
	},
	{
		Name: "schedule_catching_up_partitions", Help: "Partitions of this node that work off occurrences which are late by more than 30 s.",
		Value: func(f core.Figures) float64 { return float64(f.CatchingUp) },
	},
	{
		Name: "schedule_cursor_overdue_seconds", Help: "How long ago the first occurrence was due that this node should have stored and has not; 0 when there is none.",
		Value: func(f core.Figures) float64 { return f.Overdue.Seconds() },
	},
	{
		Name: "schedule_stream_full", Help: "1 while the trigger stream refuses triggers because it is full; 0 otherwise.",
		Value: func(f core.Figures) float64 { return metrics.Bool(f.Full) },
	},
	{
		Name: "schedule_clock_offset_seconds", Help: "How far the clock of the NATS server is ahead of this node's; negative: behind.",
		Value: func(f core.Figures) float64 { return f.ClockOffset.Seconds() },
	},
	{
		Name: "schedule_schedules", Help: "Schedules that are stored, in all partitions; those that are paused or cannot be used included.",
		Value: func(f core.Figures) float64 { return float64(f.Schedules) },
	},
	{
		Name: "schedule_bad_entries", Help: "Schedules that are stored and cannot be used.",
		Value: func(f core.Figures) float64 { return float64(f.BadEntries) },
	},
}
