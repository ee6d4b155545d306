package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/natstest"
)

// The documents' snippet, verbatim: it has to compile.
func Example_documents() {
	nc, _ := nats.Connect(nats.DefaultURL)
	js, _ := nc.JetStream(nats.PublishAsyncMaxPending(256))
	schedule, _ := client.New("beta", nc, js)
	keys, _ := schedule.List()
	result, _ := schedule.Get("test")
	job := common.HttpJob("@every 15s", common.HttpOption{
		Url:     "https://api.developer.com",
		Headers: map[string]string{},
		Body:    map[string]interface{}{},
	})
	schedule.Set("test", job) //nolint:errcheck // as the documents have it
	schedule.Remove("test")   //nolint:errcheck // as the documents have it
	fmt.Println(keys, result)
}

func ExampleNew() {
	url, stop := exampleServer()
	defer stop()

	nc, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream(nats.PublishAsyncMaxPending(256))
	if err != nil {
		log.Fatal(err)
	}
	schedule, err := client.New("beta", nc, js)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(schedule.Namespace())
	// Output: beta
}

func ExampleSchedule_List() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("@hourly", common.HttpOption{Url: "https://api.developer.com"})
	for _, key := range []string{"report", "backup"} {
		if err := schedule.Set(key, job); err != nil {
			log.Fatal(err)
		}
	}
	keys, err := schedule.List()
	fmt.Println(keys, err)
	// Output: [backup report] <nil>
}

func ExampleSchedule_Get() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("0 9 1 1 *", common.HttpOption{Url: "https://api.developer.com"})
	job.Timezone = "Asia/Shanghai"
	if err := schedule.Set("test", job); err != nil {
		log.Fatal(err)
	}
	jobs, err := schedule.Get("test")
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range jobs {
		fmt.Println(job.Mode, job.Spec, job.State.Next.Format("01-02 15:04 MST"), job.State.Prev.IsZero())
	}
	_, err = schedule.Get("nobody")
	fmt.Println(errors.Is(err, client.ErrNotFound))
	// Output:
	// HTTP 0 9 1 1 * 01-01 01:00 UTC true
	// true
}

func ExampleSchedule_Set() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("@every 15s", common.HttpOption{
		Url:     "https://api.developer.com",
		Headers: map[string]string{},
		Body:    map[string]interface{}{},
	})
	fmt.Println(schedule.Set("test", job))

	job.Spec = "@every -1s"
	err := schedule.Set("test", job)
	var field *client.FieldError
	fmt.Println(errors.Is(err, client.ErrInvalid), errors.As(err, &field), field.Field)
	// Output:
	// <nil>
	// true true jobs[0].spec
}

func ExampleSchedule_SetRevision() {
	schedule, stop := exampleClient()
	defer stop()

	ctx := context.Background()
	job := common.HttpJob("@hourly", common.HttpOption{Url: "https://api.developer.com"})
	revision, err := schedule.SetRevision(ctx, "test", 0, job) // there must be none
	if err != nil {
		log.Fatal(err)
	}
	job.Spec = "@daily"
	_, err = schedule.SetRevision(ctx, "test", revision, job) // nobody changed it
	fmt.Println(err)
	_, err = schedule.SetRevision(ctx, "test", revision, job) // somebody did
	fmt.Println(errors.Is(err, client.ErrConflict))
	// Output:
	// <nil>
	// true
}

func ExampleSchedule_Remove() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("@hourly", common.HttpOption{Url: "https://api.developer.com"})
	if err := schedule.Set("test", job); err != nil {
		log.Fatal(err)
	}
	fmt.Println(schedule.Remove("test"))
	fmt.Println(errors.Is(schedule.Remove("test"), client.ErrNotFound))
	// Output:
	// <nil>
	// true
}

func ExampleSchedule_Pause() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("@hourly", common.HttpOption{Url: "https://api.developer.com"})
	if err := errors.Join(schedule.Set("test", job), schedule.Pause("test")); err != nil {
		log.Fatal(err)
	}
	jobs, err := schedule.Get("test")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("next is known:", !jobs[0].State.Next.IsZero())
	fmt.Println(schedule.Resume("test"))
	// Output:
	// next is known: false
	// <nil>
}

// exampleTB lets an example, which has no testing.TB, start a server.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                           {}
func (*exampleTB) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (e *exampleTB) Cleanup(f func())                { e.cleanups = append(e.cleanups, f) }
func (e *exampleTB) TempDir() string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func exampleServer() (url string, stop func()) {
	tb := &exampleTB{}
	server := natstest.Start(tb)
	return server.URL(), func() {
		server.Stop()
		for _, f := range tb.cleanups {
			f()
		}
	}
}

func exampleClient() (*client.Schedule, func()) {
	url, stop := exampleServer()
	nc, err := nats.Connect(url)
	if err != nil {
		log.Fatal(err)
	}
	js, err := nc.JetStream()
	if err != nil {
		log.Fatal(err)
	}
	schedule, err := client.New("beta", nc, js)
	if err != nil {
		log.Fatal(err)
	}
	return schedule, func() { nc.Close(); stop() }
}
