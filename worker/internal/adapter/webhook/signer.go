// Package webhook signs callbacks as Standard Webhooks says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md),
// with symmetric keys.
package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// What a secret looks like (section "Signature scheme").
const (
	prefix    = "whsec_"
	minKey    = 24 // bytes
	maxKey    = 64
	separator = " " // of the signatures in the header
)

// Signer signs with every secret it has, so that a receiver that knows any one
// of them can verify: a secret is replaced by putting the new one in front,
// giving it to the receivers, and taking the old one away. It is safe for
// concurrent use.
type Signer struct{ keys []*standardwebhooks.Webhook }

// New makes a signer from secrets ("whsec_" and the base64 of 24 to 64 bytes),
// newest first. Without secrets it signs nothing. The error tells which secret
// is wrong, and nothing of it.
func New(secrets []string) (*Signer, error) {
	s := &Signer{}
	for i, secret := range secrets {
		key, err := parse(strings.TrimSpace(secret))
		if err != nil {
			return nil, fmt.Errorf("%w (secret %d of %d), want \"whsec_\" and the base64 of %d to %d random bytes",
				err, i+1, len(secrets), minKey, maxKey)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

// Errors of a secret, which hold nothing of it.
var (
	errEmpty  = errors.New("holds an empty secret")
	errPrefix = errors.New("holds a secret that does not begin with \"whsec_\"")
	errBase64 = errors.New("holds a secret that is not base64 behind \"whsec_\"")
)

func parse(secret string) (*standardwebhooks.Webhook, error) {
	text, ok := strings.CutPrefix(secret, prefix)
	if secret == "" {
		return nil, errEmpty
	}
	if !ok {
		return nil, errPrefix
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return nil, errBase64
	}
	if len(key) < minKey || len(key) > maxKey {
		return nil, fmt.Errorf("holds a secret of %d bytes", len(key))
	}
	return standardwebhooks.NewWebhookRaw(key)
}

// Sign returns the value of the header webhook-signature for a message with
// that ID (which holds no dot), sent at that time with that body: a signature
// for each secret, in their order. Empty: there are no secrets.
func (s *Signer) Sign(id string, at time.Time, body []byte) string {
	signatures := make([]string, 0, len(s.keys))
	for _, key := range s.keys {
		signature, err := key.Sign(id, at, body)
		if err != nil { // HMAC cannot fail
			continue
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, separator)
}
