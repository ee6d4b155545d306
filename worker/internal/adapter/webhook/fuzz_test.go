package webhook_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/weplanx/workflow/worker/internal/adapter/webhook"
)

// What is signed is verified by the specification's own library, and nothing
// else is.
func FuzzSign(f *testing.F) {
	f.Add("0123456789abcdef0123456789abcdef", []byte(vectorBody), byte(1), byte(2))
	f.Add("id", []byte{}, byte(0), byte(0))
	f.Add("a", []byte("b.c"), byte(9), byte(200))
	f.Fuzz(func(t *testing.T, id string, body []byte, one, two byte) {
		secrets := []string{secret(24+int(one)%41, one), secret(24+int(two)%41, two)}
		now := time.Now()
		header := http.Header{}
		header.Set("webhook-id", id)
		header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		header.Set("webhook-signature", signer(t, secrets...).Sign(id, now, body))
		for _, s := range secrets {
			receiver, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := receiver.Verify(body, header); err != nil && id != "" {
				t.Errorf("not verified: %v", err)
			}
			if receiver.Verify(append(body[:len(body):len(body)], 'x'), header) == nil {
				t.Error("a longer body is verified")
			}
		}
	})
}

// A secret is taken or refused; the refusal repeats nothing of it.
func FuzzSecret(f *testing.F) {
	f.Add(vectorSecret)
	f.Add("whsec_")
	f.Add("whsec_####hidden-in-here####")
	f.Fuzz(func(t *testing.T, secret string) {
		_, err := webhook.New([]string{secret})
		if err == nil || len(secret) < 12 {
			return
		}
		text := err.Error()
		for i := 6; i+6 <= len(secret); i++ { // behind the prefix, which may be told
			part := secret[i : i+6]
			if strings.Contains(text, part) && !strings.Contains(ownWords, part) {
				t.Errorf("error %q repeats %q", text, part)
			}
		}
	})
}

// ownWords are what errors say whatever the secret is.
const ownWords = `holds an empty secret holds a secret that does not begin with "whsec_" (secret 1 of 1), ` +
	`holds a secret that is not base64 behind "whsec_" (secret 1 of 1), want "whsec_" and the base64 of 24 to 64 random bytes`
