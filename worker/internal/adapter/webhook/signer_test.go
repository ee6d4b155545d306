package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/webhook"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// The test vector that the libraries of Standard Webhooks share.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func signer(t *testing.T, secrets ...string) *webhook.Signer {
	t.Helper()
	s, err := webhook.New(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// secret is one of n bytes, all of them b.
func secret(n int, b byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, n))
}

func TestVectorOfTheSpecification(t *testing.T) {
	t.Parallel()
	if got := signer(t, vectorSecret).Sign(vectorID, time.Unix(vectorTime, 0), []byte(vectorBody)); got != vectorSignature {
		t.Errorf("got %s, want %s", got, vectorSignature)
	}
}

// byHand is the scheme written down a second time.
func byHand(t *testing.T, secret, id string, at int64, body string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at, 10) + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestSign(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty": "", "JSON": vectorBody, "not text": "\x00\xff\xfe.%s%d", "spaces": " {\n} ", "large": strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, secret := range []string{vectorSecret, secret(24, 0), secret(32, 'a'), secret(64, 0x7f)} {
				at := time.Unix(1700000000, 999999999)
				got := signer(t, secret).Sign(vectorID, at, []byte(body))
				if want := byHand(t, secret, vectorID, 1700000000, body); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestEverySecretSigns(t *testing.T) {
	t.Parallel()
	newest, older, oldest := secret(32, 1), secret(24, 2), vectorSecret
	now := time.Now()
	got := signer(t, newest, " "+older+" ", oldest).Sign("id", now, []byte("body"))
	want := strings.Join([]string{
		byHand(t, newest, "id", now.Unix(), "body"), byHand(t, older, "id", now.Unix(), "body"), byHand(t, oldest, "id", now.Unix(), "body"),
	}, " ")
	if got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	header := http.Header{}
	header.Set("webhook-id", "id")
	header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	header.Set("webhook-signature", got)
	for _, known := range []string{newest, older, oldest} {
		receiver, err := standardwebhooks.NewWebhook(known)
		if err != nil {
			t.Fatal(err)
		}
		if err := receiver.Verify([]byte("body"), header); err != nil {
			t.Errorf("a receiver that knows one secret: %v", err)
		}
		if receiver.Verify([]byte("Body"), header) == nil {
			t.Error("another body is verified")
		}
	}
	stranger, err := standardwebhooks.NewWebhook(secret(32, 9))
	if err != nil {
		t.Fatal(err)
	}
	if stranger.Verify([]byte("body"), header) == nil {
		t.Error("a secret that was not used verifies")
	}
}

func TestNoSecretNoSignature(t *testing.T) {
	t.Parallel()
	if got := signer(t).Sign("id", time.Now(), nil); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	raw := func(key string) string { return base64.StdEncoding.EncodeToString([]byte(key)) }
	for name, test := range map[string]struct{ secret, want string }{
		"empty":           {"", "empty"},
		"spaces":          {"  ", "empty"},
		"no prefix":       {raw(strings.Repeat("hidden", 5)), `begin with "whsec_"`},
		"other prefix":    {"whsk_" + raw(strings.Repeat("hidden", 5)), `begin with "whsec_"`},
		"upper case":      {"WHSEC_" + raw(strings.Repeat("hidden", 5)), `begin with "whsec_"`},
		"prefix alone":    {"whsec_", "of 0 bytes"},
		"not base64":      {"whsec_hidden!hidden!hidden!hidden!hidden!", "not base64"},
		"URL base64":      {"whsec_" + strings.Repeat("hidden-_", 5), "not base64"},
		"no padding":      {"whsec_" + strings.TrimRight(raw(strings.Repeat("hidden", 5)[:29]), "="), "not base64"},
		"broken in lines": {"whsec_" + raw("hiddenhidden") + "\n" + raw("hiddenhidden"), "not base64"},
		"too short":       {"whsec_" + raw(strings.Repeat("h", 23)), "of 23 bytes"},
		"too long":        {"whsec_" + raw(strings.Repeat("h", 65)), "of 65 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := webhook.New([]string{vectorSecret, test.secret})
			if err == nil {
				t.Fatal("it was taken")
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "secret 2 of 2") || !strings.Contains(err.Error(), "24 to 64") {
				t.Errorf("got %v, want one about %s", err, test.want)
			}
			for _, part := range []string{"hidden", "aGlkZGVu", "MfKQ", "hhhh"} {
				if strings.Contains(err.Error(), part) {
					t.Errorf("error %q tells of the secret", err)
				}
			}
		})
	}
}
