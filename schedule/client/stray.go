package client

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// stray finds an entry whose key no application can have set: some program put
// it straight into the bucket. As a subject such a key may stand for many, so it
// is looked for among all. problem is what contract.CheckKey says of it.
func (s *Schedule) stray(ctx context.Context, key string, problem error) (*stored, error) {
	values, err := s.all(ctx, "look for key")
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if v.key == key {
			v.decode()
			return v, nil
		}
	}
	return nil, invalid(problem)
}

// removeStray stores a delete marker under a key that nats.go refuses. It has
// no condition on the revision: the server could take the subject for many.
func (s *Schedule) removeStray(ctx context.Context, key string) error {
	msg := nats.NewMsg(s.names.BucketSubject(key))
	msg.Header.Set("KV-Operation", "DEL")
	_, err := request(ctx, s, "remove stray key", msg.Subject, func(ctx context.Context) (*nats.PubAck, error) {
		return s.js.PublishMsg(msg, nats.Context(ctx))
	})
	return err
}

// isStray reports whether only removeStray can remove the key.
func isStray(key string) bool { return contract.CheckKey(key) != nil }
