package natskv

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

var _ core.Schedules = (*Store)(nil)

const codeNoMessage = 10037 // of the JetStream API

// Latest implements core.Schedules. It asks the stream's leader: a direct get may
// be answered by a replica that has not got yet what an application has stored.
func (s *Store) Latest(ctx context.Context, key string) (core.Revision, error) {
	if contract.CheckKey(key) != nil {
		return core.Revision{}, core.ErrNoSchedule // as a subject it might stand for many keys
	}
	request, err := json.Marshal(map[string]string{"last_by_subj": s.names.BucketSubject(key)})
	if err != nil {
		return core.Revision{}, err
	}
	reply, err := s.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+s.names.BucketStream(), request)
	if err != nil {
		return core.Revision{}, fmt.Errorf("read schedule %q: %w", key, err)
	}
	return latest(key, reply.Data)
}

// latest reads the answer of the JetStream API.
func latest(key string, data []byte) (core.Revision, error) {
	var answer struct {
		Error *struct {
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
		Message struct {
			Seq     uint64    `json:"seq"`
			Headers []byte    `json:"hdrs"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	err := json.Unmarshal(data, &answer)
	switch {
	case err != nil:
	case answer.Error != nil && answer.Error.ErrCode == codeNoMessage:
		return core.Revision{}, core.ErrNoSchedule
	case answer.Error != nil:
		err = fmt.Errorf("%s (%d)", answer.Error.Description, answer.Error.ErrCode)
	}
	m := &answer.Message
	var headers nats.Header
	if err == nil && len(m.Headers) > 0 {
		headers, err = nats.DecodeHeadersMsg(m.Headers)
	}
	if err != nil {
		return core.Revision{}, fmt.Errorf("read schedule %q: %w", key, err)
	}
	if headers.Get("KV-Operation") != "" { // DEL or PURGE
		return core.Revision{Key: key, Number: m.Seq, Stored: m.Time, Deleted: true}, nil
	}
	return core.NewRevision(key, m.Seq, m.Time, m.Data), nil
}
