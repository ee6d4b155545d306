package natsconf

import (
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Names of the roles.
const (
	RoleSchedule = "schedule"
	RoleWorker   = "worker"
	RoleClient   = "client"
	RoleAdmin    = "admin"
)

const (
	// consumer is the one that all workers share, and their queue group.
	consumer = "workers"

	// eventAnswer is how long the job of an event, or of mode NATS, may take
	// until it is answered.
	eventAnswer = 15 * time.Minute
)

// namespace writes the subjects of one namespace.
type namespace struct{ contract.Names }

// Roles are those of a namespace. With prepared no scheduler may make or change
// streams: the admin does that before the first one starts.
func Roles(name string, prepared bool) []Role {
	n := namespace{contract.Names(name)}
	return []Role{n.schedule(prepared), n.worker(), n.client(), n.admin()}
}

// streams are all of the namespace.
func (n namespace) streams() []string {
	return []string{n.BucketStream(), n.TriggerStream(), n.ResultStream(), n.DeadStream(), n.RunStream()}
}

// api are the subjects of one request of the JetStream API about streams.
func api(request, why string, streams ...string) []Grant {
	grants := make([]Grant, len(streams))
	for i, stream := range streams {
		grants[i] = Grant{Subject: "$JS.API." + request + "." + stream, Why: why}
	}
	return grants
}

func (n namespace) schedule(prepared bool) Role {
	publish := api("STREAM.INFO", "finds its streams and checks their settings", n.streams()...)
	if !prepared {
		publish = append(publish, api("STREAM.CREATE", "makes what is missing at its start", n.streams()...)...)
		publish = append(publish, api("STREAM.UPDATE", "lets heartbeats expire in a bucket that an application has made", n.BucketStream())...)
	}
	publish = append(publish, api("STREAM.UPDATE", "writes down a new number of partitions (schedule -partitions)", n.TriggerStream())...)
	publish = append(publish, n.watch(Local)...)
	publish = append(publish,
		Grant{Subject: n.BucketSubject(contract.NodePrefix + "*"), Why: "heartbeats; schedules are the clients' to write"},
		Grant{Subject: n.Triggers(), Why: "publishes occurrences; nobody else may"},
		Grant{Subject: n.Cursors(), Why: "moves the cursors; nobody else may, a message with Nats-Rollup: all would wipe the stream"},
		Grant{Subject: "$JS.API.STREAM.MSG.GET." + n.TriggerStream(), Why: "reads a cursor from the stream's leader"},
		Grant{Subject: n.Results(), Why: "records what was missed, and bad entries"},
	)
	publish = append(publish, n.readBucket()...)
	publish = append(publish, n.readDead(Local)...)
	return Role{
		Name: RoleSchedule, Who: "scheduler nodes", Account: Engine,
		Publish: publish,
		Subscribe: append([]Grant{
			{Subject: "_INBOX.schedule.>", Why: "answers to it, and to it alone"},
			{Subject: n.Endpoint(">"), Why: "requests to the micro service"},
		}, n.discovered()...),
		Respond: 2 * time.Minute,
	}
}

// discovered are the subjects under which a micro service is found (ADR-32).
func (n namespace) discovered() (grants []Grant) {
	for _, verb := range []string{"PING", "INFO", "STATS"} {
		const why = "is found by nats micro ls"
		grants = append(grants,
			Grant{Subject: "$SRV." + verb, Why: why},
			Grant{Subject: "$SRV." + verb + "." + n.Service(), Why: why},
			Grant{Subject: "$SRV." + verb + "." + n.Service() + ".*", Why: why},
		)
	}
	return grants
}

// watch is what reading the bucket through an ordered consumer takes.
func (n namespace) watch(via Via) []Grant {
	return n.ordered(n.BucketStream(), n.BucketSubject(">"), "schedules", via)
}

// ordered consumers have names that nobody can guess, and nobody may list.
// Creating one is granted in the form that names its filter only: without a
// filter a consumer would read whatever else the stream holds.
func (n namespace) ordered(stream, filter, what string, via Via) []Grant {
	return []Grant{
		{Subject: "$JS.API.CONSUMER.CREATE." + stream + ".*." + filter, Why: "reads and follows " + what, Via: via},
		{Subject: "$JS.API.CONSUMER.INFO." + stream + ".*", Why: "looks whether its consumer is still there", Via: via},
		{Subject: "$JS.API.CONSUMER.DELETE." + stream + ".*", Why: "takes its consumer away when it is done", Via: via},
		{Subject: "$JS.FC." + stream + ".>", Why: "flow control of its consumer", Via: via},
		{Subject: "$JS.FC.*.*." + stream + ".>", Why: "the same in the form of ADR-15, which a server may be set to", Via: via},
	}
}

// readBucket is reading one schedule.
func (n namespace) readBucket() []Grant {
	return n.read(n.BucketStream(), n.BucketSubject(">"), "a schedule", Local)
}

func (n namespace) readDead(via Via) []Grant {
	grants := n.read(n.DeadStream(), n.Deads(), "dead letters", via)
	return append(grants, Grant{
		Subject: "$JS.API.STREAM.MSG.DELETE." + n.DeadStream(), Why: "takes away a dead letter that was sent again or is given up", Via: via,
	})
}

// read is reading single messages: from the leader, and from any replica by
// sequence or by subject.
func (n namespace) read(stream, subject, what string, via Via) []Grant {
	return []Grant{
		{Subject: "$JS.API.STREAM.MSG.GET." + stream, Why: "reads " + what + " from the stream's leader", Via: via},
		{Subject: "$JS.API.DIRECT.GET." + stream, Why: "reads " + what + " by sequence, or many at once", Via: many(via)},
		{Subject: "$JS.API.DIRECT.GET." + stream + "." + subject, Why: "reads " + what + " by subject", Via: via},
	}
}

func many(via Via) Via {
	if via == Single {
		return Many
	}
	return via
}

func (n namespace) worker() Role {
	publish := api("STREAM.INFO", "finds its streams and checks their settings", n.streams()...)
	triggers, filter := n.TriggerStream(), n.Triggers()
	publish = append(publish,
		Grant{Subject: "$JS.API.CONSUMER.INFO." + triggers + "." + consumer, Why: "finds the consumer that all workers share"},
		Grant{Subject: "$JS.API.CONSUMER.CREATE." + triggers + "." + consumer + "." + filter, Why: "makes that consumer when it is missing: triggers, not cursors"},
		Grant{Subject: "$JS.API.CONSUMER.MSG.NEXT." + triggers + "." + consumer, Why: "takes triggers"},
		Grant{Subject: "$JS.ACK." + triggers + "." + consumer + ".>", Why: "acknowledges, extends and hands back triggers"},
		Grant{Subject: "$JS.ACK.*.*." + triggers + "." + consumer + ".>", Why: "the same in the form of ADR-15, which a server may be set to"},
		Grant{Subject: n.Results(), Why: "records every attempt and every end"},
		Grant{Subject: n.Deads(), Why: "keeps triggers that ended without success"},
		Grant{Subject: n.Runs(), Why: "keeps the states of runs that outlive a worker"},
		Grant{Subject: "$JS.API.STREAM.MSG.GET." + n.RunStream(), Why: "reads those states, from the stream's leader"},
		Grant{Subject: n.Job(">"), Why: "jobs of mode NATS, within the namespace"},
		Grant{Subject: n.Events(), Why: "passes on events that came over HTTP (POST /events/{key})"},
	)
	publish = append(publish, n.read(n.ResultStream(), n.Results(), "whether an occurrence has ended", Local)...)
	publish = append(publish, n.pulled(n.ResultStream(), n.Results(), "the log for the end of an occurrence")...)
	return Role{
		Name: RoleWorker, Who: "worker nodes", Account: Engine,
		Publish: publish,
		Subscribe: []Grant{
			{Subject: "_INBOX.worker.>", Why: "answers and triggers for it, and for it alone"},
			{Subject: n.Events() + " " + consumer, Why: "events, each to one of the workers"},
			{Subject: n.Completions() + " " + consumer, Why: "reports that a job has ended, each to one of the workers"},
		},
		Respond: eventAnswer,
	}
}

// pulled is what reading through a pull consumer of one's own takes.
func (n namespace) pulled(stream, filter, what string) []Grant {
	return []Grant{
		{Subject: "$JS.API.CONSUMER.CREATE." + stream + ".*." + filter, Why: "looks through " + what},
		{Subject: "$JS.API.CONSUMER.INFO." + stream + ".*", Why: "looks whether its consumer is still there"},
		{Subject: "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*", Why: "reads through its consumer"},
		{Subject: "$JS.API.CONSUMER.DELETE." + stream + ".*", Why: "takes its consumer away when it is done"},
	}
}

func (n namespace) client() Role {
	return Role{
		Name: RoleClient, Who: "applications, schedulectl, and what publishes events", Account: Client,
		Publish: slices.Concat(n.use(), []Grant{
			{Subject: n.Completion("*"), Why: "reports that a job has ended", Via: Single, Answer: eventAnswer},
		}),
		Subscribe: []Grant{
			{Subject: "_INBOX.>", Why: "answers; whoever else is in this account is an application of the namespace too", Via: Local},
			{Subject: "_INBOX.*", Why: "what an ordered consumer delivers (covered by the line before; here it is let through the wall)", Via: Stream},
			{Subject: n.Job(">"), Why: "jobs of mode NATS that it runs", Via: Back, Answer: eventAnswer},
		},
		Deny: []Grant{
			{Subject: n.BucketSubject(contract.NodePrefix + ">"), Why: "heartbeats are the schedulers'"},
		},
		Respond: eventAnswer,
	}
}

// use is what an application does with a namespace.
//
// The server answers requests of the JetStream API in the name of any account
// that does not import $JS.API.INFO, "not enabled" where it has no streams, and
// would race the engine's answers. So that import is more than information.
func (n namespace) use() []Grant {
	grants := []Grant{{Subject: "$JS.API.INFO", Why: "sees usage and limits", Via: Single}}
	for _, g := range api("STREAM.INFO", "finds what it reads", n.BucketStream(), n.TriggerStream(), n.ResultStream(), n.DeadStream()) {
		g.Via = Single
		grants = append(grants, g)
	}
	grants = append(grants,
		Grant{Subject: n.BucketSubject(">"), Why: "stores and removes schedules", Via: Single},
		Grant{Subject: "$JS.API.DIRECT.GET." + n.TriggerStream() + "." + n.Cursors(), Why: "reads up to when occurrences were published; not the triggers", Via: Single},
	)
	grants = append(grants, n.read(n.BucketStream(), n.BucketSubject(">"), "a schedule", Single)...)
	grants = append(grants, n.watch(Single)...)
	grants = append(grants, n.read(n.ResultStream(), n.Results(), "results", Single)...)
	grants = append(grants, n.ordered(n.ResultStream(), n.Results(), "results", Single)...)
	grants = append(grants, n.readDead(Single)...)
	grants = append(grants, n.ordered(n.DeadStream(), n.Deads(), "dead letters", Single)...)
	grants = append(grants,
		Grant{Subject: n.Events(), Why: "has a worker run something at once", Via: Single, Answer: eventAnswer},
		Grant{Subject: n.Endpoint("*"), Why: "asks the schedulers", Via: Many},
	)
	for _, verb := range []string{"PING", "INFO", "STATS"} {
		const why = "finds the schedulers (nats micro ls)"
		grants = append(grants,
			Grant{Subject: "$SRV." + verb, Why: why, Via: Many},
			Grant{Subject: "$SRV." + verb + ".>", Why: why, Via: Many},
		)
	}
	return grants
}
