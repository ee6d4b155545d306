package cli_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/natstest"
)

// oldValue is a value as the predecessor stored it.
func oldValue(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../weplanx/testdata/values.txt")
	noError(t, err)
	for line := range strings.Lines(string(text)) {
		if digits, ok := strings.CutPrefix(line, name+" "); ok {
			data, err := hex.DecodeString(strings.TrimSpace(digits))
			noError(t, err)
			return data
		}
	}
	t.Fatalf("no value %q", name)
	return nil
}

// oldBucket stores such values, by key, in a KV bucket.
func (b *bundle) oldBucket(t testing.TB, bucket string, names map[string]string) nats.KeyValue {
	t.Helper()
	kv, err := b.js.KeyValue(bucket)
	if err != nil {
		kv, err = b.js.CreateKeyValue(&nats.KeyValueConfig{Bucket: bucket})
	}
	noError(t, err)
	for key, name := range names {
		_, err := kv.Put(key, oldValue(t, name))
		noError(t, err)
	}
	return kv
}

// importing runs the import, which leaves some out, and returns its output.
func (b *bundle) importing(t testing.TB, failures string, args ...string) string {
	t.Helper()
	got := b.run(t, "", append([]string{"import", "weplanx"}, args...)...)
	code, errs := cli.ExitOK, ""
	if failures != "" {
		code, errs = cli.ExitFailure, "schedulectl: "+failures+" schedules cannot be imported: see their reasons above\n"
	}
	if got.code != code || got.err != errs {
		t.Errorf("%q: exit code %d, error %q, want %d, %q", args, got.code, got.err, code, errs)
	}
	return got.out
}

func TestImportOfNodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	kv := b.oldBucket(t, "schedules_main", map[string]string{
		"dogs": "v1.6/dogs", "many": "v1.6/many", "body": "v1.6/body", "mail": "v1.6/email", "unknown": "bad/unknown", "agent": "bad/header", "never": "bad/never",
		"spec": "bad/spec", "secret": "bad/url",
	})
	before, err := b.js.StreamInfo("KV_schedules_main")
	noError(t, err)
	equal(t, squeezed(b.importing(t, "6 of 9", "--from", "main", "--dry-run")), squeezed(`
KEY      RESULT             JOBS  NOTES
agent    failed             1     jobs[0].option.headers["User-Agent"]: is reserved and cannot be set
body     would be imported  1     -
dogs     would be imported  1     paused
mail     failed             -     jobs[1].mode: is "EMAIL", want "HTTP"
many     would be imported  3     jobs[0].option.method: is empty, for which workers from v1.5 sent GET;
 jobs[1].spec: has five fields and never ran: six were wanted, seconds first; jobs[1].option.method: is "post", and becomes "POST";
 jobs[2].spec: ran every 1s, because fractions of a second were cut off; jobs[2].option.body: is nil, which was sent as null; it is sent without a body
never    failed             1     jobs[0].spec: never fires: no month it names has such a day, want a date that exists
secret   failed             1     jobs[0].option.url: has scheme "ftp", want http://host/… or https://host/…
spec     failed             1     jobs[0].spec: has second "99", want 0 to 59
unknown  failed             -     "owner": is not known; jobs[0]."timeout": is not known; jobs[0].option."retry": is not known

kv bucket schedules_main: would be imported 3, unchanged 0, failed 6
`))
	if keys, err := b.client.List(); err != nil || len(keys) != 0 {
		t.Errorf("a dry run stored %q, %v", keys, err)
	}
	if got := b.importing(t, "6 of 9", "--from", "main"); !strings.HasSuffix(got, "imported 3, unchanged 0, failed 6\n") {
		t.Errorf("the import says\n%s", got)
	}
	again := b.importing(t, "6 of 9", "--from", "schedules_main", "--type", "kv")
	if !strings.HasSuffix(again, "imported 0, unchanged 3, failed 6\n") {
		t.Errorf("the second import says\n%s", again)
	}

	dogs, err := b.client.Entry("dogs")
	noError(t, err)
	if option, err := dogs.Jobs[0].HTTP(); err != nil || !dogs.Paused || dogs.Revision == 0 || option.Method != "GET" || option.Url != "https://dog.ceo/api/breeds/image/random" {
		t.Errorf("dogs are %+v, %+v, %v", dogs, option, err)
	}
	body, err := b.client.Get("body")
	noError(t, err)
	if !bytes.Contains(body[0].Option, []byte(`"huge":18446744073709551615`)) || !bytes.Contains(body[0].Option, []byte(`"time":"2023-11-14T22:13:20.000000005Z"`)) {
		t.Errorf("body is %s", body[0].Option)
	}
	if keys, err := b.client.List(); err != nil || strings.Join(keys, " ") != "body dogs many" {
		t.Errorf("keys are %q, %v", keys, err)
	}

	after, err := b.js.StreamInfo("KV_schedules_main")
	noError(t, err)
	if after.State.LastSeq != before.State.LastSeq || after.State.Msgs != before.State.Msgs {
		t.Errorf("the old bucket was changed: %+v", after.State)
	}
	if _, err := kv.Get("dogs"); err != nil {
		t.Error(err)
	}
}

// squeezed has one space where there are several, or a line's end.
func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestImportAsJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.oldBucket(t, "beta_schedules_a", map[string]string{"report": "v1.4/stopped", "mail": "v1.6/email"})
	var got struct {
		Namespace string
		From      struct{ Bucket, Type string }
		DryRun    bool `json:"dry_run"`
		Schedules []struct {
			Key, From, Result, Reason string
			Jobs                      int
			Paused                    bool
		}
		Counts map[string]int
	}
	out := b.importing(t, "1 of 2", "--from", "beta_schedules_a", "--prefix", "old.", "-o", "json")
	noError(t, json.Unmarshal([]byte(out), &got))
	if got.Namespace != "beta" || got.From.Bucket != "beta_schedules_a" || got.From.Type != "kv" || got.DryRun || got.Counts["imported"] != 1 || got.Counts["failed"] != 1 {
		t.Errorf("got %+v", got)
	}
	if s := got.Schedules; len(s) != 2 || s[1].Key != "old.report" || s[1].From != "report" || s[1].Result != "imported" || !s[1].Paused || s[1].Jobs != 1 || !strings.Contains(s[0].Reason, "EMAIL") {
		t.Errorf("got %+v", got.Schedules)
	}
	if strings.Contains(out, "s3cr3t") {
		t.Error("the output holds the value of a header")
	}
	if entry, err := b.client.Entry("old.report"); err != nil || !entry.Paused {
		t.Errorf("got %+v, %v", entry, err)
	}
}

func TestImportOfObjects(t *testing.T) {
	t.Parallel()
	b := setup(t)
	store, err := b.js.CreateObjectStore(&nats.ObjectStoreConfig{Bucket: "beta_schedules"})
	noError(t, err)
	for name, value := range map[string]string{"documents": "v1.2/documents", "two": "v1.2/two", "Monat März": "v1.2/two"} {
		_, err := store.PutBytes(name, oldValue(t, value))
		noError(t, err)
	}
	// The namespace's own bucket has the same name, and holds nothing old.
	b.ok(t, "", "set", "mine", "--spec", "@hourly", "--url", "https://example.com")
	got := b.importing(t, "1 of 3", "--from", "beta", "--timezone", "Asia/Shanghai")
	if !strings.Contains(got, `key: is "Monat M\u00e4rz", want 1 to 128 characters`) || !strings.HasSuffix(got, "object bucket beta_schedules: imported 2, unchanged 0, failed 1\n") {
		t.Errorf("output is\n%s", got)
	}
	jobs, err := b.client.Get("two")
	noError(t, err)
	if jobs[0].Timezone != "Asia/Shanghai" || jobs[1].Timezone != "" {
		t.Errorf("zones are %q and %q", jobs[0].Timezone, jobs[1].Timezone)
	}
	if got := b.importing(t, "", "--from", "beta", "--type", "kv"); !strings.Contains(squeezed(got), "mine unchanged - -") {
		t.Errorf("the namespace's own bucket gives\n%s", got)
	}
}

func TestImportOverwrites(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.oldBucket(t, "schedules_main", map[string]string{"dogs": "v1.6/dogs", "report": "v1.3/running", "bad": "v1.3/running"})
	for _, key := range []string{"dogs", "report"} {
		b.ok(t, "", "set", key, "--spec", "@hourly", "--url", "https://example.com")
	}
	b.put(t, b.names.BucketSubject("bad"), "garbage")
	got := b.importing(t, "3 of 3", "--from", "main")
	if strings.Count(got, "is stored already with other jobs, want --overwrite to replace that") != 2 || !strings.Contains(got, "a value that cannot be used, want --overwrite") {
		t.Errorf("output is\n%s", got)
	}
	b.importing(t, "", "--from", "main", "--overwrite")
	dogs, err := b.client.Entry("dogs")
	noError(t, err)
	if !dogs.Paused || dogs.Jobs[0].Spec != "*/5 * * * * *" {
		t.Errorf("dogs are %+v", dogs)
	}
	noError(t, b.client.Resume("dogs"))
	if got := b.importing(t, "", "--from", "main"); !strings.HasSuffix(got, "imported 0, unchanged 3, failed 0\n") {
		t.Errorf("output is\n%s", got)
	}
	if dogs, err := b.client.Entry("dogs"); err != nil || dogs.Paused {
		t.Errorf("dogs are %+v, %v: want them as they were resumed", dogs, err)
	}
	b.importing(t, "", "--from", "main", "--overwrite")
	if dogs, err := b.client.Entry("dogs"); err != nil || !dogs.Paused {
		t.Errorf("dogs are %+v, %v: want them paused again", dogs, err)
	}
}

func TestImportDropsUnknownFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.oldBucket(t, "schedules_main", map[string]string{"a": "bad/unknown"})
	if got := b.importing(t, "", "--from", "main", "--drop-unknown"); !strings.Contains(got, `jobs[0]."timeout": is not known and was left out`) {
		t.Errorf("output is\n%s", got)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.oldBucket(t, "two_schedules_a", map[string]string{"k": "v1.3/running"})
	b.oldBucket(t, "two_schedules_b", map[string]string{"k": "v1.3/running", "l": "v1.3/running"})
	b.oldBucket(t, "two_schedules_empty", nil)
	b.oldBucket(t, "beta_schedules", map[string]string{"k": "v1.3/running"})
	cases := map[string]struct {
		args []string
		code int
		want string
	}{
		"no name":         {nil, cli.ExitUsage, "want --from"},
		"type":            {[]string{"--from", "a", "--type", "files"}, cli.ExitUsage, `--type is "files", want kv or object`},
		"timezone":        {[]string{"--from", "a", "--timezone", "Mars"}, cli.ExitUsage, "--timezone: "},
		"argument":        {[]string{"--from", "a", "b"}, cli.ExitUsage, "want no arguments"},
		"nothing there":   {[]string{"--from", "none"}, cli.ExitNotFound, `no bucket of schedules belongs to "none"`},
		"several":         {[]string{"--from", "two"}, cli.ExitUsage, `--from "two" may be two_schedules_a (kv, 1 schedules), two_schedules_b (kv, 2 schedules): want the name of one`},
		"prefix in place": {[]string{"--from", "beta", "--prefix", "old."}, cli.ExitUsage, "--prefix cannot be used for the namespace's own bucket"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.run(t, "", append([]string{"import", "weplanx"}, c.args...)...)
			if got.code != c.code || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d, output %q, error %q, want %d, one line with %q", got.code, got.out, got.err, c.code, c.want)
			}
		})
	}
}

// Old schedules may be elsewhere.
func TestImportFromAnotherServer(t *testing.T) {
	b := setup(t)
	public, seed := user(t)
	there := natstest.Start(t, natstest.WithNkeyUsers(public))
	nc, err := nats.Connect(there.URL(), nats.Nkey(public, signer(t, seed)))
	noError(t, err)
	t.Cleanup(nc.Close)
	js, err := nc.JetStream()
	noError(t, err)
	other := &bundle{js: js}
	other.oldBucket(t, "beta_schedules", map[string]string{"report": "v1.3/running"}) // not in place: it is elsewhere
	t.Setenv("FROM_NATS_HOSTS", there.URL())
	if got := b.run(t, "", "import", "weplanx", "--from", "beta"); got.code == cli.ExitOK || !strings.HasPrefix(got.err, "schedulectl: FROM_NATS_NKEY: ") {
		t.Errorf("without a credential: exit code %d, error %q", got.code, got.err)
	}
	t.Setenv("FROM_NATS_NKEY", seed)
	b.importing(t, "", "--from", "beta", "--prefix", "old.")
	if keys, err := b.client.List(); err != nil || strings.Join(keys, " ") != "old.report" {
		t.Errorf("keys are %q, %v", keys, err)
	}
}
