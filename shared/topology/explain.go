package topology

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/setting"
)

// Error codes of the server that nats.go does not name.
const (
	codeNoPeers             jetstream.ErrorCode = 10005 // too few peers fit
	codeUnavailable         jetstream.ErrorCode = 10008 // no leader, or not yet
	codeNotAssigned         jetstream.ErrorCode = 10009
	codeInsufficient        jetstream.ErrorCode = 10023
	codeStorage             jetstream.ErrorCode = 10047
	codeSubjectOverlap      jetstream.ErrorCode = 10065
	codeReplicasUnsupported jetstream.ErrorCode = 10074 // not clustered
)

// grace is how long "JetStream is not enabled" and "too few peers" are taken
// for a cluster that is starting.
const grace = 8 * time.Second

// Verbs of a failure.
const (
	lookUp = "look up"
	create = "create"
	update = "change"
)

// failure is a failed request about one stream.
type failure struct {
	verb, stream string
	err          error
}

func (f *failure) Error() string { return f.verb + " stream " + f.stream + ": " + f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func during(verb, stream string, err error) error {
	if err == nil {
		return nil
	}
	return &failure{verb, stream, err}
}

// code is the server's error code in err, 0 without one.
func code(err error) jetstream.ErrorCode {
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil {
		return api.APIError().ErrorCode
	}
	return 0
}

// transient says whether trying again may help. A stream is looked up only when
// it was there or was created a moment ago: one that is not found then is not
// yet known to the server that was asked.
func (e *ensurer) transient(err error) bool {
	var missing *missingError
	switch {
	case errors.As(err, &missing):
		return true
	case e.denied(err) != "", e.deaf(err) != "":
		return false
	}
	switch code(err) {
	case codeUnavailable, codeNotAssigned:
		return true
	case codeNoPeers, codeInsufficient, jetstream.JSErrCodeStreamNotFound,
		jetstream.JSErrCodeJetStreamNotEnabled, jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return time.Since(e.started) < grace
	}
	for _, target := range []error{
		nats.ErrTimeout, context.DeadlineExceeded, nats.ErrDisconnected, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, jetstream.ErrServerShutdown,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return errors.Is(err, nats.ErrNoResponders) && time.Since(e.started) < grace
}

// replicated calls create with the number of replicas that was set, or with 3
// and then 1 when the cluster has not as many servers.
func (e *ensurer) replicated(create func(replicas int) error) error {
	if e.replicas > 0 {
		return create(e.replicas)
	}
	err := create(3)
	switch code(err) {
	case codeReplicasUnsupported:
		return create(1)
	case codeNoPeers, codeInsufficient:
		// A server of the cluster may just be down: one replica is for good.
		if time.Since(e.started) >= grace {
			return create(1)
		}
	}
	return err
}

// denied returns the subject that a permission forbids, when that is why a
// request got no answer.
func (e *ensurer) denied(err error) string {
	subject, subscribing := e.violation(err)
	var f *failure
	if subscribing || !errors.As(err, &f) || !strings.HasSuffix(subject, ".STREAM."+requests[f.verb]+"."+f.stream) {
		return ""
	}
	return subject
}

// deaf returns the subject of its own answers that the credential may not
// subscribe to, when that is why a request got no answer.
func (e *ensurer) deaf(err error) string {
	subject, subscribing := e.violation(err)
	inbox := e.js.Conn().NewInbox()
	if !subscribing || !strings.HasPrefix(subject, inbox[:strings.LastIndex(inbox, ".")+1]) {
		return ""
	}
	return subject
}

// requests are the names that the API has for a failure's verbs.
var requests = map[string]string{lookUp: "INFO", create: "CREATE", update: "UPDATE"}

// violation returns what the server has refused last, when a request got no answer.
func (e *ensurer) violation(err error) (subject string, subscribing bool) {
	if !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrPermissionViolation) {
		return "", false
	}
	last := e.js.Conn().LastError()
	if last == nil || !errors.Is(last, nats.ErrPermissionViolation) {
		return "", false
	}
	what, subject, _ := strings.Cut(last.Error(), `"`)
	subject, _, _ = strings.Cut(subject, `"`)
	return subject, strings.Contains(strings.ToLower(what), "subscription")
}

// explain makes one line of an error that is not waited out.
func (e *ensurer) explain(err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	if subject := e.denied(err); subject != "" {
		return e.refused(subject, f)
	}
	if subject := e.deaf(err); subject != "" {
		return &setting.Error{Name: "NATS_INBOX", Problem: fmt.Sprintf(
			"the credential may not subscribe to %s, where answers would come to, want a prefix that it may subscribe to, such as _INBOX.admin", subject,
		)}
	}
	switch code(err) {
	case jetstream.JSErrCodeJetStreamNotEnabled, jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return &setting.Error{Name: "NATS_HOSTS", Problem: "the server has JetStream off (" + f.err.Error() + "), want a server and account with JetStream"}
	case codeReplicasUnsupported, codeNoPeers, codeInsufficient:
		return &setting.Error{Name: "NATS_REPLICAS", Problem: fmt.Sprintf(
			"the cluster cannot keep %d replicas of stream %s (%s), want as many as it has servers with JetStream, or 0",
			e.replicas, f.stream, describeAPI(err),
		)}
	case codeStorage:
		return fmt.Errorf("create stream %s: the server has no room for it (%s), want 1 GiB of file storage", f.stream, describeAPI(err))
	case codeSubjectOverlap:
		return fmt.Errorf("create stream %s: another stream takes some of its subjects, want them free", f.stream)
	}
	if errors.Is(err, nats.ErrNoResponders) {
		return &setting.Error{Name: "NATS_HOSTS", Problem: "no JetStream answers, want a server and account with JetStream"}
	}
	return err
}

// refused says that a permission is missing, and what to do.
func (e *ensurer) refused(subject string, f *failure) error {
	where := "where services may not create streams, run \"schedulectl init\" once with one that may"
	if e.administers {
		where = "such as the namespace's admin of natsconf"
	}
	return &setting.Error{Name: "NATS_NKEY", Problem: fmt.Sprintf(
		"the credential may not publish to %s (%s stream %s), want one that may; %s", subject, f.verb, f.stream, where,
	)}
}

// missingError is a stream that is not there, for a credential that may not make it.
type missingError struct{ stream string }

func (e *missingError) Error() string {
	return "stream " + e.stream + " is missing, and this credential may not create it: start a scheduler that may, or run \"schedulectl init\" with a credential that may"
}

// unfit reports whether the cluster has not what a stream needs.
func unfit(err error) bool {
	switch code(err) {
	case codeReplicasUnsupported, codeNoPeers, codeInsufficient, codeStorage:
		return true
	}
	return false
}

func describeAPI(err error) string {
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil {
		return api.APIError().Description
	}
	return err.Error()
}
