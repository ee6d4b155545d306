package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"sync"
)

const (
	keyName  = "key" // of the state that holds the key of tokens
	macBytes = 16
	macChars = 22 // of those in base64
)

// mint makes the tokens of a namespace.
type mint struct {
	macs sync.Pool // of hash.Hash, with the key
}

func newMint(key string) *mint {
	return &mint{sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(key)) }}}
}

// tokens returns what makes the namespace's tokens, with a key that all workers
// share; the first one makes it.
func (w *Worker) tokens(ctx context.Context) (*mint, error) {
	if m := w.mint.Load(); m != nil {
		return m, nil
	}
	c := cell[string]{name: keyName}
	if err := c.load(ctx, w); err != nil {
		return nil, err
	}
	if c.value == "" {
		c.value = w.Random.ID() + w.Random.ID()
		err := c.write(ctx, w, c.value, replace, 0)
		if errors.Is(err, ErrConflict) { // another worker was first
			err = c.load(ctx, w)
		}
		if err != nil {
			return nil, err
		}
	}
	m := newMint(c.value)
	w.mint.Store(m)
	return m, nil
}

// token lets the target report the completion of an occurrence. It is the same
// on every attempt, by every worker, because a target that drops a repeated call
// knows only the token of the first. It begins with the occurrence's ID, by which
// the state is found that waits for the report, and ends with 128 bits that only
// workers can compute.
func (m *mint) token(occurrence string) string {
	mac, _ := m.macs.Get().(hash.Hash)
	defer m.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(occurrence))
	var sum [sha256.Size]byte
	return occurrence + base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0])[:macBytes])
}

// occurrenceOf returns the occurrence for which a token, if it is one, was made.
func occurrenceOf(token string) (occurrence string, ok bool) {
	n := len(token) - macChars
	if n < 1 || !isID(token[:n]) {
		return "", false
	}
	return token[:n], true
}

// digest is what is stored of a token, so that a state that waits for a report
// does not tell how to make one.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// same compares in constant time.
func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }
