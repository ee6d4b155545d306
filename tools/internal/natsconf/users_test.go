package natsconf_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

var clientMay = []operation{
	{"store a schedule", store(beta.BucketSubject("test"))},
	{"store a schedule if it has not changed", store(beta.BucketSubject("new"), "Nats-Expected-Last-Subject-Sequence", "0")},
	{"remove a schedule", store(beta.BucketSubject("test"), "KV-Operation", "DEL")},
	{"use the client library", useLibrary},
	{"watch the bucket", watchBucket},
	{"read a schedule from the leader", request("$JS.API.STREAM.MSG.GET.KV_beta_schedules", `{"last_by_subj":"$KV.beta_schedules.kept"}`)},
	{"read a schedule from a replica", request("$JS.API.DIRECT.GET.KV_beta_schedules.$KV.beta_schedules.kept", "")},
	{"read a revision", request("$JS.API.DIRECT.GET.KV_beta_schedules", `{"next_by_subj":"$KV.beta_schedules.kept"}`)},
	{"read a cursor", request("$JS.API.DIRECT.GET.beta_triggers.beta.cursors.0", "")},
	{"follow results", consumeOrdered("beta_results", "beta.results.kept")},
	{"read dead letters", request("$JS.API.DIRECT.GET.beta_dead", `{"next_by_subj":"beta.dead.kept"}`)},
	{"follow dead letters", consumeOrdered("beta_dead", "beta.dead.kept")},
	{"give up a dead letter", request("$JS.API.STREAM.MSG.DELETE.beta_dead", `{"seq":3}`)},
	{"see usage and limits", request("$JS.API.INFO", "")},
	{"have something run at once", asks("beta.worker", beta.Events()+" workers", beta.Event("k"))},
	{"ask the schedulers", asks("beta.schedule", beta.Endpoint("run"), beta.Endpoint("run"))},
	{"find the schedulers", asks("beta.schedule", "$SRV.INFO", "$SRV.INFO")},
	{"report that a job has ended", asks("beta.worker", beta.Completions()+" workers", beta.Completion("token"))},
	{"run a job", answers("beta.worker", beta.Job(">"), beta.Job("reports.daily"))},
}

var clientMayNot = []operation{
	{"publish a trigger", publish(beta.Trigger("HTTP", "k"))},
	{"move a cursor", publish(beta.Cursor(0))},
	{"write a result", publish(beta.Result("k"))},
	{"write a dead letter", publish(beta.Dead("k"))},
	{"write the state of a run", publish(beta.Run("k"))},
	{"write a heartbeat", publish(beta.BucketSubject("_nodes.a"))},
	{"read triggers by sequence", request("$JS.API.DIRECT.GET.beta_triggers", `{"seq":2}`)},
	{"read triggers by subject", request("$JS.API.DIRECT.GET.beta_triggers.beta.triggers.HTTP.kept", "")},
	{"read triggers from the leader", request("$JS.API.STREAM.MSG.GET.beta_triggers", `{"seq":2}`)},
	{"take triggers", publish("$JS.API.CONSUMER.MSG.NEXT.beta_triggers.workers")},
	{"acknowledge triggers", publish("$JS.ACK.beta_triggers.workers.1.2.1.1.0")},
	{"make a consumer of triggers", consume("beta_triggers", "x", "beta.triggers.>")},
	{"make a consumer of cursors", consume("beta_triggers", "x", "beta.cursors.*")},
	{"make a consumer of the bucket without a filter", consume("KV_beta_schedules", "x", "")},
	{"make a consumer of the log without a filter", consume("beta_results", "x", "")},
	{"make a consumer as clients before 2.9 did", request("$JS.API.CONSUMER.CREATE.beta_results", "{}")},
	{"make a durable consumer as clients before 2.9 did", request("$JS.API.CONSUMER.DURABLE.CREATE.beta_results.x", "{}")},
	{"list consumers", request("$JS.API.CONSUMER.NAMES.KV_beta_schedules", "")},
	{"make a stream", request("$JS.API.STREAM.CREATE.KV_beta_schedules", "{}")},
	{"make a stream of its own", request("$JS.API.STREAM.CREATE.mine", "{}")},
	{"change the bucket", request("$JS.API.STREAM.UPDATE.KV_beta_schedules", "{}")},
	{"delete the bucket", request("$JS.API.STREAM.DELETE.KV_beta_schedules", "")},
	{"purge the bucket", request("$JS.API.STREAM.PURGE.KV_beta_schedules", "")},
	{"purge the log", request("$JS.API.STREAM.PURGE.beta_results", "")},
	{"delete a record", request("$JS.API.STREAM.MSG.DELETE.beta_results", `{"seq":1}`)},
	{"delete a revision", request("$JS.API.STREAM.MSG.DELETE.KV_beta_schedules", `{"seq":1}`)},
	{"back a stream up", request("$JS.API.STREAM.SNAPSHOT.KV_beta_schedules", "{}")},
	{"read the states of runs", request("$JS.API.STREAM.MSG.GET.beta_runs", `{"seq":1}`)},
	{"take events", subscribe(beta.Events() + " workers")},
	{"take reports of completions", subscribe(beta.Completions() + " workers")},
	{"answer in the schedulers' place", subscribe(beta.Endpoint("state"))},
	{"read schedules as they are stored", subscribe("$KV.>")},
	{"read everything", subscribe(">")},
	{"write another namespace's schedules", publish(gamma.BucketSubject("k"))},
	{"read another namespace's schedules", request("$JS.API.DIRECT.GET.KV_gamma_schedules.$KV.gamma_schedules.kept", "")},
	{"look at another namespace's streams", request("$JS.API.STREAM.INFO.KV_gamma_schedules", "")},
	{"watch another namespace's bucket", consume("KV_gamma_schedules", "x", "$KV.gamma_schedules.>")},
	{"read another namespace's results", consume("gamma_results", "x", "gamma.results.>")},
	{"have another namespace run something", publish(gamma.Event("k"))},
	{"ask another namespace's schedulers", publish(gamma.Endpoint("run"))},
	{"run another namespace's jobs", subscribe(gamma.Job(">"))},
	{"ask the system account's services", publish("$SYS.REQ.SERVER.PING")},
}

var adminMay = []operation{
	{"list streams", request("$JS.API.STREAM.NAMES", "")},
	{"report on streams", request("$JS.API.STREAM.LIST", "")},
	{"see usage and limits", request("$JS.API.INFO", "")},
	{"use the client library", func(p *probe) error { return useLibraryIn(p, "omega") }},
	{"view the log", viewResults},
	{"read a cursor", request("$JS.API.STREAM.MSG.GET.omega_triggers", `{"last_by_subj":"omega.cursors.0"}`)},
	{"list the consumers of triggers", request("$JS.API.CONSUMER.NAMES.omega_triggers", "")},
	{"look at the workers' consumer", request("$JS.API.CONSUMER.INFO.omega_triggers.workers", "")},
	{"pause the workers' consumer", request("$JS.API.CONSUMER.PAUSE.omega_triggers.workers", "{}")},
	{"delete a dead letter", request("$JS.API.STREAM.MSG.DELETE.omega_dead", `{"seq":1}`)},
	{"follow advisories", subscribe("$JS.EVENT.ADVISORY.>")},
	{"change a stream", changeResults},
	{"back a stream up and restore it", backUp},
	{"purge a stream", request("$JS.API.STREAM.PURGE.omega_results", "")},
	{"delete the workers' consumer", request("$JS.API.CONSUMER.DELETE.omega_triggers.workers", "")},
	{"delete a stream and make it again", remake},
}

var adminMayNot = []operation{
	{"publish a trigger", publish(omega.Trigger("HTTP", "k"))},
	{"move a cursor", publish(omega.Cursor(0))},
	{"write a result", publish(omega.Result("k"))},
	{"take triggers", publish("$JS.API.CONSUMER.MSG.NEXT.omega_triggers.workers")},
	{"acknowledge triggers", publish("$JS.ACK.omega_triggers.workers.1.2.1.1.0")},
	{"read answers to others", subscribe("_INBOX.>")},
	{"read answers to schedulers", subscribe("_INBOX.schedule.>")},
	{"read everything", subscribe(">")},
	{"make a stream of another name", request("$JS.API.STREAM.CREATE.other", "{}")},
	{"look at another namespace's streams", request("$JS.API.STREAM.INFO.beta_triggers", "")},
	{"delete another namespace's streams", request("$JS.API.STREAM.DELETE.beta_triggers", "")},
	{"write another namespace's schedules", publish(beta.BucketSubject("k"))},
	{"make the servers elect another leader", request("$JS.API.META.LEADER.STEPDOWN", "")},
	{"remove a server", request("$JS.API.SERVER.REMOVE", "{}")},
	{"ask the system account's services", publish("$SYS.REQ.SERVER.PING")},
}

// sysMay is what the guides have people do with seeds/sys.nk.
var sysMay = []operation{
	{"report on the servers' health", request("$SYS.REQ.SERVER.PING.HEALTHZ", "")},
	{"report on JetStream", request("$SYS.REQ.SERVER.PING.JSZ", "")},
}

func useLibrary(p *probe) error { return useLibraryIn(p, "beta") }

// useLibraryIn stores, lists and removes as an application does.
func useLibraryIn(p *probe, namespace string) error {
	js, err := p.nc.JetStream()
	if err != nil {
		return err
	}
	c, err := client.New(namespace, p.nc, js)
	if err != nil {
		return err
	}
	if err := c.Set("library", common.HttpJob("@every 1h", common.HttpOption{Url: "https://example.com"})); err != nil {
		return err
	}
	keys, err := c.List()
	if err == nil && len(keys) == 0 {
		err = errors.New("the schedule is not listed")
	}
	return errors.Join(err, c.Remove("library"), p.refused())
}

// consumeOrdered reads a message through a push consumer, as nats.go's ordered
// ones are.
func consumeOrdered(stream, subject string) func(*probe) error {
	return func(p *probe) error {
		js, err := p.nc.JetStream()
		if err != nil {
			return err
		}
		sub, err := js.SubscribeSync(subject, nats.BindStream(stream), nats.OrderedConsumer())
		if err != nil {
			return err
		}
		_, err = sub.NextMsg(patience)
		return errors.Join(err, sub.Unsubscribe(), p.refused())
	}
}

// viewResults reads a record as nats stream view does.
func viewResults(p *probe) error {
	if err := consume(omega.ResultStream(), "viewer", "")(p); err != nil {
		return err
	}
	return request("$JS.API.CONSUMER.MSG.NEXT.omega_results.viewer", `{"batch":1,"no_wait":true}`)(p)
}

func changeResults(p *probe) error {
	stream, err := p.js.Stream(p.t.Context(), omega.ResultStream())
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	config.MaxAge *= 2
	_, err = p.js.UpdateStream(p.t.Context(), config)
	return err
}

// backUp takes a snapshot of a stream, deletes the stream and restores it
// (the API that `nats stream backup` and `restore` use).
func backUp(p *probe) error {
	inbox := p.nc.NewInbox()
	pieces, err := p.nc.SubscribeSync(inbox)
	if err != nil {
		return err
	}
	snapshot, err := p.ask(message("$JS.API.STREAM.SNAPSHOT.omega_runs", fmt.Sprintf(`{"deliver_subject":%q}`, inbox)))
	if err != nil {
		return err
	}
	var data [][]byte
	for {
		piece, err := pieces.NextMsg(patience)
		if err != nil {
			return err
		}
		if len(piece.Data) == 0 {
			break
		}
		data = append(data, piece.Data)
		if piece.Reply != "" {
			_ = piece.Respond(nil) // the last ones need no confirmation
		}
	}
	if err := request("$JS.API.STREAM.DELETE.omega_runs", "")(p); err != nil {
		return err
	}
	return errors.Join(restore(p, snapshot.Data, data), p.refused())
}

func restore(p *probe, snapshot []byte, data [][]byte) error {
	var taken struct {
		Config json.RawMessage `json:"config"`
		State  json.RawMessage `json:"state"`
	}
	if err := json.Unmarshal(snapshot, &taken); err != nil {
		return err
	}
	answer, err := p.ask(message("$JS.API.STREAM.RESTORE.omega_runs", fmt.Sprintf(`{"config":%s,"state":%s}`, taken.Config, taken.State)))
	if err != nil {
		return err
	}
	to, err := field(answer.Data, "deliver_subject")
	if err != nil {
		return err
	}
	for _, piece := range append(data, nil) {
		if _, err := p.ask(message(to, string(piece))); err != nil {
			return err
		}
	}
	stream, err := p.js.Stream(context.Background(), omega.RunStream())
	if err == nil && stream.CachedInfo().State.Msgs != 1 {
		err = fmt.Errorf("%d messages were restored, want 1", stream.CachedInfo().State.Msgs)
	}
	return err
}

// remake deletes a stream and makes it again with its settings.
func remake(p *probe) error {
	stream, err := p.js.Stream(p.t.Context(), omega.DeadStream())
	if err != nil {
		return err
	}
	if err := p.js.DeleteStream(p.t.Context(), omega.DeadStream()); err != nil {
		return err
	}
	_, err = p.js.CreateStream(p.t.Context(), jetstream.StreamConfig{
		Name: omega.DeadStream(), Subjects: stream.CachedInfo().Config.Subjects, Storage: jetstream.FileStorage,
	})
	return err
}
