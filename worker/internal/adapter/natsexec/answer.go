package natsexec

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Headers in which a micro service reports an error (ADR-32).
const (
	headerError     = "Nats-Service-Error"
	headerErrorCode = "Nats-Service-Error-Code"
)

// maxError is how many bytes of a service's words are kept.
const maxError = 200

// answered says what a reply means. What the service says of an error is kept
// only where its reply may be kept too.
func answered(reply *nats.Msg, wanted bool) core.Answer {
	a := core.Answer{Verdict: core.Success, Bytes: int64(len(reply.Data))}
	if wanted {
		a.Excerpt = text(reply.Data, contract.MaxExcerpt)
	}
	code, words := header(reply, headerErrorCode), header(reply, headerError)
	if code == "" && words == "" {
		a.Accepted = strings.EqualFold(header(reply, contract.HeaderComplete), contract.CompleteCallback)
		return a
	}
	if n, err := strconv.ParseUint(code, 10, 16); err == nil && n >= 100 && n <= 999 {
		a.Status = int(n)
	}
	a.Verdict, a.Class, a.Error = verdict(a.Status), contract.ErrorStatus, "the service reported an error"
	if a.Status != 0 {
		a.Error = "the service reported error " + strconv.Itoa(a.Status)
	}
	if words = strings.TrimSpace(text([]byte(words), maxError)); wanted && words != "" {
		a.Error += ": " + words
	}
	return a
}

// verdict of a service's error code; 0 is one that is no number.
func verdict(status int) core.Verdict {
	switch {
	case status == 408, status == 425, status == 429:
		return core.Temporary
	case status >= 400 && status <= 499:
		return core.Permanent
	}
	return core.Temporary
}

// header finds a header whatever the case of its name.
func header(msg *nats.Msg, name string) string {
	for has, values := range msg.Header {
		if strings.EqualFold(has, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// failed says what it means that a message did not get out, or no reply came.
func failed(ctx context.Context, err error) core.Answer {
	temporary := func(class, text string) core.Answer {
		return core.Answer{Verdict: core.Temporary, Class: class, Error: text}
	}
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid, Error: "option.body: is larger than the NATS server takes"}
	case errors.Is(err, nats.ErrNoResponders):
		return temporary(contract.ErrorConnect, "nobody listens on the subject")
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout):
		return temporary(contract.ErrorTimeout, "no answer in time")
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionDraining):
		return temporary(contract.ErrorConnect, "the worker is not connected to NATS")
	}
	return temporary(contract.ErrorNetwork, "the connection to NATS broke")
}

// text is what can be kept of the beginning of data: nothing of what is not UTF-8
// text. Control characters, which could steer the terminal of whoever reads the
// log, become spaces.
func text(data []byte, limit int) string {
	if len(data) > limit {
		for limit > 0 && !utf8.RuneStart(data[limit]) {
			limit--
		}
		data = data[:limit]
	}
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return ' '
		}
		return r
	}, string(data))
}
