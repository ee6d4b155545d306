package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

const (
	keyName  = "key" // of the state that holds the key of tokens
	macBytes = 16
	macChars = 22 // of those in base64
)

// secret returns the key of the namespace's tokens, which all workers share; the
// first one makes it.
func (w *Worker) secret(ctx context.Context) (string, error) {
	if key := w.key.Load(); key != nil {
		return *key, nil
	}
	c := cell[string]{name: keyName}
	if err := c.load(ctx, w); err != nil {
		return "", err
	}
	if c.value == "" {
		c.value = w.Random.ID() + w.Random.ID()
		err := c.write(ctx, w, c.value, replace, 0)
		if errors.Is(err, ErrConflict) { // another worker was first
			err = c.load(ctx, w)
		}
		if err != nil {
			return "", err
		}
	}
	w.key.Store(&c.value)
	return c.value, nil
}

// token lets the target report the completion of an occurrence. It is the same
// on every attempt, by every worker, because a target that drops a repeated call
// knows only the token of the first. It begins with the occurrence's ID, by which
// the state is found that waits for the report, and ends with 128 bits that only
// workers can compute.
func token(key, occurrence string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(occurrence))
	return occurrence + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:macBytes])
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
