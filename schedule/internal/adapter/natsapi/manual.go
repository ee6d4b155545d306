package natsapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go/micro"

	"github.com/weplanx/workflow/shared/contract"
)

// Hand does what somebody asks for by hand. Its methods are called by several
// goroutines.
type Hand interface {
	Run(ctx context.Context, r contract.RunRequest) (contract.RunAnswer, error)
	Resend(ctx context.Context, r contract.ResendRequest) (contract.ResendAnswer, error)
	// Code is the code for an error of the other methods and what may be told.
	Code(doing string, err error) (code, text string)
}

func (h *handler) run(ctx context.Context, r micro.Request) {
	serve(ctx, r, h.hand, "run by hand", func(ctx context.Context, request contract.RunRequest) (contract.RunAnswer, error) {
		if request.Request == "" {
			request.Request = rand.Text()
		}
		return h.hand.Run(ctx, request)
	})
}

func (h *handler) resend(ctx context.Context, r micro.Request) {
	serve(ctx, r, h.hand, "send dead letters again", h.hand.Resend)
}

// serve answers one request. Answers are lost with the connection; there is
// nobody to tell.
func serve[Q, A any](ctx context.Context, r micro.Request, hand Hand, doing string, do func(context.Context, Q) (A, error)) {
	request, err := decode[Q](r.Data())
	if err != nil {
		_ = r.Error(contract.CodeInvalid, err.Error(), nil)
		return
	}
	answer, err := do(ctx, request)
	if err != nil {
		code, text := hand.Code(doing, err)
		_ = r.Error(code, text, nil)
		return
	}
	_ = r.RespondJSON(answer)
}

// decode reads a request that changes something: a field it does not know may
// be one that matters, or a mistyped one.
func decode[Q any](data []byte) (request Q, err error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err = decoder.Decode(&request); err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one value")
		}
	}
	if err != nil {
		return request, fmt.Errorf("the request cannot be read: %w", err)
	}
	return request, nil
}
