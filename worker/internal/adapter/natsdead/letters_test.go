package natsdead_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsdead"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func setup(t *testing.T) (*natsdead.Letters, jetstream.JetStream) {
	t.Helper()
	js, err := jetstream.New(natstest.Start(t).Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	return natsdead.New(js, names), js
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	porttest.RunDeadLetters(t, func(t *testing.T) porttest.DeadLetters {
		l, js := setup(t)
		return porttest.DeadLetters{DeadLetters: l, Kept: func(t *testing.T) []contract.Dead { return kept(t, js) }}
	})
}

func kept(t *testing.T, js jetstream.JetStream) (all []contract.Dead) {
	t.Helper()
	stream, err := js.Stream(t.Context(), names.DeadStream())
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		msg, err := stream.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		letter, err := contract.Decode[contract.Dead](msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		if msg.Subject != names.Dead(letter.Key) {
			t.Errorf("a letter of %q has subject %s", letter.Key, msg.Subject)
		}
		all = append(all, letter)
	}
	return all
}

func TestStreamThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	l, js := setup(t)
	if err := js.DeleteStream(t.Context(), names.DeadStream()); err != nil {
		t.Fatal(err)
	}
	if err := l.Put(t.Context(), contract.Dead{ID: "1", Key: "k"}); err == nil {
		t.Error("a letter was kept in no stream")
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	l, js := setup(t)
	for _, id := range []string{"1", "2"} {
		if err := l.Put(t.Context(), contract.Dead{ID: id, Key: "k"}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := l.Kept(t.Context()); n != 2 || err != nil {
		t.Errorf("got %d, %v, want 2", n, err)
	}
	if err := js.DeleteStream(t.Context(), names.DeadStream()); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Kept(t.Context()); err == nil {
		t.Errorf("got %d without a stream", n)
	}
}
