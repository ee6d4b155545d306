//go:build unix

package main

import (
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/shared/contract"
)

func addRecord(e *account.Evidence, m jetstream.Msg) error {
	result, err := contract.Decode[contract.Result](m.Data())
	if err != nil {
		return fmt.Errorf("result %s: %w", m.Subject(), err)
	}
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	e.Records = append(e.Records, account.Record{Result: result, Stored: meta.Timestamp})
	return nil
}

func addDead(e *account.Evidence, m jetstream.Msg) error {
	letter, err := contract.Decode[contract.Dead](m.Data())
	if err != nil {
		return fmt.Errorf("dead letter %s: %w", m.Subject(), err)
	}
	e.Dead = append(e.Dead, letter)
	return nil
}
