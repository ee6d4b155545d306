package weplanx_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/weplanx"
	"github.com/weplanx/workflow/shared/natstest"
)

// old is a server as the predecessor used it.
type old struct {
	nc     *nats.Conn
	legacy nats.JetStreamContext
	js     jetstream.JetStream
}

func connect(t *testing.T, options ...natstest.Option) *old {
	t.Helper()
	nc := natstest.Start(t, options...).Connect(t)
	legacy, err := nc.JetStream(nats.PublishAsyncMaxPending(256))
	noError(t, err)
	js, err := jetstream.New(nc)
	noError(t, err)
	return &old{nc, legacy, js}
}

// kv stores values as clients of v1.3 and later did.
func (o *old) kv(t *testing.T, name string, values map[string][]byte) nats.KeyValue {
	t.Helper()
	kv, err := o.legacy.CreateKeyValue(&nats.KeyValueConfig{Bucket: name, Description: "Schedule message event publishing node"})
	noError(t, err)
	for key, value := range values {
		_, err := kv.Put(key, value)
		noError(t, err)
	}
	return kv
}

// bucket is the object store of the tests.
const bucket = "beta_schedules"

// objects makes an object store as nats.go v1.16 did.
func (o *old) objects(t *testing.T) {
	t.Helper()
	_, err := o.legacy.AddStream(&nats.StreamConfig{
		Name: "OBJ_" + bucket, Subjects: []string{"$O." + bucket + ".C.>", "$O." + bucket + ".M.>"}, Discard: nats.DiscardNew, AllowRollup: true,
	})
	noError(t, err)
}

// object stores a value in chunks as nats.go v1.16 did: a message that describes it
// under its name with dots and spaces replaced, and "sha-256".
func (o *old) object(t *testing.T, name string, data []byte, chunks int) {
	t.Helper()
	sum := sha256.Sum256(data)
	o.describe(t, name, fmt.Sprintf(`{"name":%q,"bucket":%q,"nuid":"%x","size":%d,"mtime":"0001-01-01T00:00:00Z","chunks":%d,"digest":"sha-256=%s"}`,
		name, bucket, name, len(data), chunks, base64.URLEncoding.EncodeToString(sum[:])))
	size := (len(data) + chunks - 1) / chunks
	for chunk := range slices.Chunk(data, max(size, 1)) {
		o.publish(t, fmt.Sprintf("$O.%s.C.%x", bucket, name), string(chunk), "")
	}
}

func (o *old) describe(t *testing.T, name, text string) {
	t.Helper()
	o.publish(t, "$O."+bucket+".M."+strings.NewReplacer(".", "_", " ", "_").Replace(name), text, "sub")
}

func (o *old) publish(t *testing.T, subject, data, rollup string) {
	t.Helper()
	m := nats.NewMsg(subject)
	m.Data = []byte(data)
	if rollup != "" {
		m.Header.Set("Nats-Rollup", rollup)
	}
	_, err := o.legacy.PublishMsg(m)
	noError(t, err)
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, o *old, b weplanx.Bucket) map[string]weplanx.Entry {
	t.Helper()
	entries, err := weplanx.Read(t.Context(), o.js, b)
	noError(t, err)
	byKey := map[string]weplanx.Entry{}
	for i, e := range entries {
		if i > 0 && entries[i-1].Key >= e.Key {
			t.Errorf("%q comes after %q", e.Key, entries[i-1].Key)
		}
		byKey[e.Key] = e
	}
	return byKey
}

func TestReadKV(t *testing.T) {
	t.Parallel()
	o, all := connect(t), values(t)
	kv := o.kv(t, "schedules_main", map[string][]byte{"dogs": all["v1.6/dogs"], "a.b/c=d": all["v1.3/running"], "gone": {0x90}, "purged": {0x90}, "large": bytes.Repeat([]byte{0x90}, 900<<10)})
	_, err := kv.Put("dogs", all["v1.6/dogs-started"])
	noError(t, err)
	noError(t, kv.Delete("gone"))
	noError(t, kv.Purge("purged"))
	got := read(t, o, weplanx.Bucket{Name: "schedules_main", Kind: weplanx.KV})
	if len(got) != 3 || !bytes.Equal(got["dogs"].Data, all["v1.6/dogs-started"]) || !bytes.Equal(got["a.b/c=d"].Data, all["v1.3/running"]) {
		t.Errorf("got %d entries: %v", len(got), got["dogs"])
	}
	if newest, err := kv.Get("dogs"); err != nil || got["dogs"].Revision != newest.Revision() {
		t.Errorf("revision is %d, want that of %+v, %v", got["dogs"].Revision, newest, err)
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	o := connect(t)
	o.kv(t, "schedules_main", nil)
	o.objects(t)
	for _, b := range []weplanx.Bucket{{Name: "schedules_main", Kind: weplanx.KV}, {Name: "beta_schedules", Kind: weplanx.Object}} {
		if got := read(t, o, b); len(got) != 0 {
			t.Errorf("%s: got %v", b.Name, got)
		}
	}
	if _, err := weplanx.Read(t.Context(), o.js, weplanx.Bucket{Name: "none", Kind: weplanx.KV}); err == nil {
		t.Error("a bucket that is not there was read")
	}
}

// Objects of clients of v1.2 and of today are in one bucket, if an application came
// to use a newer nats.go.
func TestReadObjects(t *testing.T) {
	t.Parallel()
	o, all := connect(t), values(t)
	o.objects(t)
	o.object(t, "documents", all["v1.2/documents"], 1)
	o.object(t, "with dots. and spaces", all["v1.2/two"], 3)
	o.object(t, "again", all["v1.2/none"], 1)
	o.describe(t, "gone", `{"name":"gone","bucket":"beta_schedules","nuid":"x","size":0,"mtime":"2026-11-21T13:25:08.2Z","chunks":0,"deleted":true}`)
	store, err := o.legacy.ObjectStore(bucket)
	noError(t, err)
	for name, value := range map[string][]byte{"today": all["v1.2/two"], "again": all["v1.2/two"]} {
		_, err := store.PutBytes(name, value)
		noError(t, err)
	}
	got := read(t, o, weplanx.Bucket{Name: bucket, Kind: weplanx.Object})
	if len(got) != 4 {
		t.Errorf("got %d objects: %v", len(got), got)
	}
	for name, value := range map[string]string{"documents": "v1.2/documents", "with dots. and spaces": "v1.2/two", "today": "v1.2/two", "again": "v1.2/two"} {
		if e := got[name]; e.Err != nil || !bytes.Equal(e.Data, all[value]) {
			t.Errorf("%q: got %d bytes, %v", name, len(e.Data), e.Err)
		}
	}
}

// An object that cannot be read does not hinder the others, and is not lost.
func TestReadDamagedObjects(t *testing.T) {
	t.Parallel()
	o, all := connect(t), values(t)
	o.objects(t)
	o.object(t, "good", all["v1.2/two"], 1)
	o.describe(t, "no chunks", `{"name":"no chunks","nuid":"a","size":5,"chunks":1,"digest":"sha-256=AAAA"}`)
	o.describe(t, "digest", `{"name":"digest","nuid":"b","size":3,"chunks":1,"digest":"sha-256=AAAA"}`)
	o.publish(t, "$O."+bucket+".C.b", "abc", "")
	o.describe(t, "large", `{"name":"large","nuid":"c","size":99999999,"chunks":800}`)
	o.describe(t, "link", `{"name":"link","options":{"link":{"bucket":"other","name":"x"}},"nuid":"d"}`)
	o.describe(t, "garbage", `{`)
	got := read(t, o, weplanx.Bucket{Name: bucket, Kind: weplanx.Object})
	for name, want := range map[string]string{
		"no chunks": "is damaged: 0 of 5 bytes are there", "digest": "its digest is another one", "large": "has 99999999 bytes",
		"link": "is a link", "$O.beta_schedules.M.garbage": "does not describe an object",
	} {
		if e := got[name]; e.Err == nil || !strings.Contains(e.Err.Error(), want) || e.Data != nil {
			t.Errorf("%s: got %v, want %q", name, e.Err, want)
		}
	}
	if e := got["good"]; e.Err != nil || len(got) != 6 {
		t.Errorf("got %d entries, %v", len(got), e.Err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	o := connect(t)
	for _, name := range []string{"beta_schedules_a", "beta_schedules_b", "beta_schedules", "schedules_beta", "gamma_schedules_a", "betax_schedules_a"} {
		o.kv(t, name, nil)
	}
	o.objects(t)
	for _, test := range []struct {
		from string
		kind weplanx.Kind
		want []string
	}{
		{"beta", "", []string{"KV_beta_schedules", "KV_beta_schedules_a", "KV_beta_schedules_b", "KV_schedules_beta", "OBJ_beta_schedules"}},
		{"beta", weplanx.Object, []string{"OBJ_beta_schedules"}},
		{"gamma", "", []string{"KV_gamma_schedules_a"}},
		{"gamma_schedules_a", "", []string{"KV_gamma_schedules_a"}},
		{"beta_schedules", "", []string{"KV_beta_schedules", "OBJ_beta_schedules"}},
		{"none", "", nil},
		{"not a name.", "", nil},
	} {
		buckets, err := weplanx.Find(t.Context(), o.js, test.from, test.kind)
		noError(t, err)
		var got []string
		for _, b := range buckets {
			got = append(got, b.Stream())
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %s: got %q, want %q", test.from, test.kind, got, test.want)
		}
	}
}

// Where streams may not be listed, a bucket is found by its whole name.
func TestFindWithoutAList(t *testing.T) {
	t.Parallel()
	o := connect(t, denied("$JS.API.STREAM.NAMES"))
	o.kv(t, "beta_schedules_a", nil)
	if got, err := weplanx.Find(t.Context(), o.js, "beta_schedules_a", ""); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

// Without a permission to look there is an error that says so.
func TestFindWithoutPermission(t *testing.T) {
	t.Parallel()
	o := connect(t, denied("$JS.API.STREAM.INFO.>"))
	_, err := weplanx.Find(t.Context(), o.js, "beta", weplanx.KV)
	if err == nil || !strings.Contains(err.Error(), "must be one that may look at stream KV_beta") {
		t.Errorf("error is %v", err)
	}
}

// denied has everyone be a user who may not publish to a subject.
func denied(subject string) natstest.Option {
	return natstest.WithOptions(func(c *server.Options) {
		c.Users = []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{subject}}}}}
		c.NoAuthUser = "u"
	})
}
