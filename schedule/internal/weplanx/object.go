package weplanx

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// described is the message that describes an object.
type described struct {
	jetstream.ObjectInfo

	sequence uint64
}

// readObjects reads them by what describes them, whatever the subject of that is
// made of: see the package comment. Of two under one name the later one counts.
func readObjects(ctx context.Context, js jetstream.JetStream, b Bucket) ([]Entry, error) {
	latest := map[string]described{}
	var broken []Entry
	err := follow(ctx, js, b, "$O."+b.Name+".M.>", func(m jetstream.Msg, sequence uint64) {
		d := described{sequence: sequence}
		if err := json.Unmarshal(m.Data(), &d.ObjectInfo); err != nil {
			broken = append(broken, Entry{Key: m.Subject(), Err: errors.New("does not describe an object")})
			return
		}
		if latest[d.Name].sequence < sequence {
			latest[d.Name] = d
		}
	})
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(ctx, b.Stream())
	if err != nil {
		return nil, err
	}
	entries := broken
	for name, d := range latest {
		if d.Deleted {
			continue
		}
		e := Entry{Key: name}
		if e.Data, e.Err = object(ctx, stream, b, &d.ObjectInfo); e.Err != nil {
			e.Data = nil
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// object reads the chunks of an object and checks that they are what was stored.
func object(ctx context.Context, stream jetstream.Stream, b Bucket, info *jetstream.ObjectInfo) ([]byte, error) {
	switch {
	case info.Opts != nil && info.Opts.Link != nil:
		return nil, errors.New("is a link to another object")
	case info.Size > maxEntry:
		return nil, fmt.Errorf("has %d bytes, want at most %d", info.Size, maxEntry)
	}
	var data []byte
	subject := "$O." + b.Name + ".C." + info.NUID
	for next := uint64(1); uint64(len(data)) < info.Size; {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, fmt.Errorf("is damaged: %d of %d bytes are there", len(data), info.Size)
		}
		if err != nil {
			return nil, err
		}
		data, next = append(data, m.Data...), m.Sequence+1
	}
	if !intact(data, info.Digest) {
		return nil, errors.New("is damaged: its digest is another one")
	}
	return data, nil
}

// intact compares with a digest, "SHA-256=" or, of older clients, "sha-256=" and
// the base64 of it. An object without one is taken as it is.
func intact(data []byte, digest string) bool {
	if digest == "" {
		return true
	}
	_, text, _ := strings.Cut(digest, "=")
	want, err := base64.URLEncoding.DecodeString(text)
	got := sha256.Sum256(data)
	return err == nil && subtle.ConstantTimeCompare(got[:], want) == 1
}
