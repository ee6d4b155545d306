package natsconf_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var scheduleMay = []operation{
	{"publish a trigger", store(beta.Trigger("HTTP", "k"))},
	{"move a cursor in a batch", commitBatch},
	{"read a cursor from the leader", request("$JS.API.STREAM.MSG.GET."+beta.TriggerStream(), `{"last_by_subj":"beta.cursors.0"}`)},
	{"write its heartbeat", store(beta.BucketSubject("_nodes.a"), "Nats-TTL", "60s")},
	{"watch the bucket", watchBucket},
	{"read a schedule", request("$JS.API.STREAM.MSG.GET."+beta.BucketStream(), `{"last_by_subj":"$KV.beta_schedules.kept"}`)},
	{"record a result", store(beta.Result("k"))},
	{"look at every stream", lookAt(beta.BucketStream(), beta.TriggerStream(), beta.ResultStream(), beta.DeadStream(), beta.RunStream())},
	{"write down the number of partitions", updateTriggers},
	{"read a dead letter", request("$JS.API.DIRECT.GET."+beta.DeadStream(), `{"next_by_subj":"beta.dead.kept"}`)},
	{"take away a dead letter that was sent again", request("$JS.API.STREAM.MSG.DELETE."+beta.DeadStream(), `{"seq":2}`)},
	{"answer an application", answers("beta.client", beta.Endpoint("preview"), beta.Endpoint("preview"))},
	{"answer the admin", answers("beta.admin", beta.Endpoint("state"), beta.Endpoint("state"))},
	{"be found", answers("beta.client", "$SRV.PING.beta-schedule", "$SRV.PING.beta-schedule")},
}

var scheduleMayNot = []operation{
	{"write a schedule", store(beta.BucketSubject("test"))},
	{"publish a dead letter", publish(beta.Dead("k"))},
	{"publish the state of a run", publish(beta.Run("k"))},
	{"publish an event", publish(beta.Event("k"))},
	{"publish a job", publish(beta.Job("k"))},
	{"take triggers", publish("$JS.API.CONSUMER.MSG.NEXT.beta_triggers.workers")},
	{"acknowledge triggers", publish("$JS.ACK.beta_triggers.workers.1.2.1.1.0")},
	{"make a consumer of triggers", consume("beta_triggers", "x", "beta.triggers.>")},
	{"make a consumer of the bucket without a filter", consume("KV_beta_schedules", "x", "")},
	{"make a consumer as clients before 2.9 did", request("$JS.API.CONSUMER.CREATE.KV_beta_schedules", "{}")},
	{"make a durable consumer as clients before 2.9 did", request("$JS.API.CONSUMER.DURABLE.CREATE.KV_beta_schedules.x", "{}")},
	{"delete the workers' consumer", request("$JS.API.CONSUMER.DELETE.beta_triggers.workers", "")},
	{"delete the trigger stream", request("$JS.API.STREAM.DELETE.beta_triggers", "")},
	{"purge the trigger stream", request("$JS.API.STREAM.PURGE.beta_triggers", "")},
	{"delete the bucket", request("$JS.API.STREAM.DELETE.KV_beta_schedules", "")},
	{"change the log stream", request("$JS.API.STREAM.UPDATE.beta_results", "{}")},
	{"create another stream", request("$JS.API.STREAM.CREATE.other", "{}")},
	{"read answers to others", subscribe("_INBOX.>")},
	{"read answers to workers", subscribe("_INBOX.worker.>")},
	{"read everything", subscribe(">")},
	{"take events", subscribe(beta.Events() + " workers")},
	{"read triggers as they are stored", subscribe(beta.Triggers())},
	{"publish another namespace's trigger", publish(gamma.Trigger("HTTP", "k"))},
	{"move another namespace's cursor", publish(gamma.Cursor(0))},
	{"write another namespace's heartbeat", publish(gamma.BucketSubject("_nodes.a"))},
	{"make the servers elect another leader", request("$JS.API.META.LEADER.STEPDOWN", "")},
	{"ask the system account's services", publish("$SYS.REQ.SERVER.PING")},
}

var workerMay = []operation{
	{"pass on an event that came over HTTP", publish(beta.Event("k"))},
	{"make the workers' consumer", durable(beta)},
	{"take a trigger and acknowledge it", takeTrigger},
	{"record a result", store(beta.Result("k"), "Nats-Expected-Stream", beta.ResultStream())},
	{"ask for the last record of a key", request("$JS.API.DIRECT.GET.beta_results.beta.results.kept", "")},
	{"look through the records of a key", scanResults},
	{"publish a dead letter", store(beta.Dead("k"))},
	{"write the state of a run", store(beta.Run("k"), "Nats-TTL", "1h")},
	{"read the state of a run", request("$JS.API.STREAM.MSG.GET.beta_runs", `{"last_by_subj":"beta.runs.kept"}`)},
	{"look at every stream", lookAt(beta.BucketStream(), beta.TriggerStream(), beta.ResultStream(), beta.DeadStream(), beta.RunStream())},
	{"answer an application's event", answers("beta.client", beta.Events()+" workers", beta.Event("k"))},
	{"take a report that a job has ended", answers("beta.client", beta.Completions()+" workers", beta.Completion("token"))},
	{"have an application run a job", asks("beta.client", beta.Job(">"), beta.Job("reports.daily"))},
}

var workerMayNot = []operation{
	{"publish a trigger", publish(beta.Trigger("HTTP", "k"))},
	{"move a cursor", publish(beta.Cursor(0))},
	{"write a schedule", publish(beta.BucketSubject("k"))},
	{"write a heartbeat", publish(beta.BucketSubject("_nodes.a"))},
	{"make a consumer of cursors", consume("beta_triggers", "workers", "beta.cursors.*")},
	{"make a consumer of triggers without a filter", consume("beta_triggers", "workers", "")},
	{"make another consumer of triggers", consume("beta_triggers", "mine", "beta.triggers.>")},
	{"make a consumer of the log without a filter", consume("beta_results", "x", "")},
	{"make a consumer of the bucket", consume("KV_beta_schedules", "x", "$KV.beta_schedules.>")},
	{"delete the workers' consumer", request("$JS.API.CONSUMER.DELETE.beta_triggers.workers", "")},
	{"pause the workers' consumer", request("$JS.API.CONSUMER.PAUSE.beta_triggers.workers", "{}")},
	{"read a cursor", request("$JS.API.STREAM.MSG.GET.beta_triggers", `{"seq":1}`)},
	{"delete a trigger", request("$JS.API.STREAM.MSG.DELETE.beta_triggers", `{"seq":2}`)},
	{"delete a record", request("$JS.API.STREAM.MSG.DELETE.beta_results", `{"seq":1}`)},
	{"delete a dead letter", request("$JS.API.STREAM.MSG.DELETE.beta_dead", `{"seq":1}`)},
	{"make a stream", request("$JS.API.STREAM.CREATE.beta_results", "{}")},
	{"change a stream", request("$JS.API.STREAM.UPDATE.beta_triggers", "{}")},
	{"delete a stream", request("$JS.API.STREAM.DELETE.beta_runs", "")},
	{"purge a stream", request("$JS.API.STREAM.PURGE.beta_runs", "")},
	{"list streams", request("$JS.API.STREAM.NAMES", "")},
	{"read answers to others", subscribe("_INBOX.>")},
	{"read answers to schedulers", subscribe("_INBOX.schedule.>")},
	{"read events beside other workers", subscribe(beta.Events())},
	{"read reports of completions beside other workers", subscribe(beta.Completions())},
	{"read everything", subscribe(">")},
	{"read schedules as they are stored", subscribe("$KV.>")},
	{"answer in the schedulers' place", subscribe(beta.Endpoint("state"))},
	{"take another namespace's events", subscribe(gamma.Events() + " workers")},
	{"write another namespace's results", publish(gamma.Result("k"))},
	{"take another namespace's triggers", publish("$JS.API.CONSUMER.MSG.NEXT.gamma_triggers.workers")},
	{"look at another namespace's streams", request("$JS.API.STREAM.INFO.gamma_triggers", "")},
	{"run another namespace's jobs", publish(gamma.Job("k"))},
}

// commitBatch stores a trigger and a cursor in one atomic batch (ADR-50).
func commitBatch(p *probe) error {
	trigger := message(beta.Trigger("HTTP", "batch"), "{}", "Nats-Batch-Id", "b", "Nats-Batch-Sequence", "1")
	if err := p.nc.PublishMsg(trigger); err != nil {
		return err
	}
	_, err := p.ask(message(beta.Cursor(1), "{}", "Nats-Batch-Id", "b", "Nats-Batch-Sequence", "2", "Nats-Batch-Commit", "1",
		"Nats-Rollup", "sub", "Nats-TTL", "never", "Nats-Expected-Last-Subject-Sequence", "0"))
	return err
}

func watchBucket(p *probe) error {
	kv, err := p.js.KeyValue(p.t.Context(), beta.Bucket())
	if err != nil {
		return err
	}
	w, err := kv.WatchAll(p.t.Context())
	if err != nil {
		return err
	}
	for entry := range w.Updates() {
		if entry == nil {
			break
		}
	}
	return errors.Join(w.Stop(), p.refused())
}

func lookAt(streams ...string) func(*probe) error {
	return func(p *probe) error {
		var errs []error
		for _, stream := range streams {
			errs = append(errs, request("$JS.API.STREAM.INFO."+stream, "")(p))
		}
		return errors.Join(errs...)
	}
}

func updateTriggers(p *probe) error {
	stream, err := p.js.Stream(p.t.Context(), beta.TriggerStream())
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	config.Metadata["partitions"] = "8"
	_, err = p.js.UpdateStream(p.t.Context(), config)
	return err
}

func takeTrigger(p *probe) error {
	msg, err := p.ask(message("$JS.API.CONSUMER.MSG.NEXT.beta_triggers.workers", `{"batch":1,"expires":5000000000}`))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(msg.Subject, "beta.triggers.") {
		return fmt.Errorf("got a message of subject %s", msg.Subject)
	}
	_, err = p.ask(message(msg.Reply, "+ACK"))
	return err
}

func scanResults(p *probe) error {
	stream, err := p.js.Stream(p.t.Context(), beta.ResultStream())
	if err != nil {
		return err
	}
	consumer, err := stream.CreateConsumer(p.t.Context(), jetstream.ConsumerConfig{FilterSubject: beta.Result("kept"), AckPolicy: jetstream.AckNonePolicy})
	if err != nil {
		return err
	}
	batch, err := consumer.Fetch(1, jetstream.FetchMaxWait(patience))
	if err != nil {
		return err
	}
	got := 0
	for range batch.Messages() {
		got++
	}
	if got != 1 {
		return fmt.Errorf("got %d records, want 1", got)
	}
	return errors.Join(batch.Error(), stream.DeleteConsumer(p.t.Context(), consumer.CachedInfo().Name), p.refused())
}

// answers has the user answer what another one asks.
func answers(asker, subscription, subject string) func(*probe) error {
	return func(p *probe) error { return converse(p.site.probe(p.t, 0, asker), p, subscription, subject) }
}

// asks has the user ask what another one answers.
func asks(answerer, subscription, subject string) func(*probe) error {
	return func(p *probe) error { return converse(p, p.site.probe(p.t, 0, answerer), subscription, subject) }
}

// converse has one user ask another.
func converse(from, to *probe, subscription, subject string) error {
	pattern, queue, _ := strings.Cut(subscription, " ")
	sub, err := to.nc.QueueSubscribe(pattern, queue, func(m *nats.Msg) { _ = m.Respond([]byte("answer of " + m.Subject)) })
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := to.refused(); err != nil {
		return err
	}
	answer, err := from.ask(message(subject, "{}"))
	if err == nil && string(answer.Data) != "answer of "+subject {
		err = fmt.Errorf("got answer %q", answer.Data)
	}
	return errors.Join(err, to.refused())
}
