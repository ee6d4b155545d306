package natsconf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/tools/internal/natsconf"
)

// A namespace can be added while servers run. They have to reload twice: the
// first time a server (2.15.2) does not listen yet to what the new accounts
// import.
func TestReloadAddsANamespace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	running := startFile(t, folder)
	config := alone("gamma")
	config.Folder = folder
	if _, err := natsconf.Write(folder, config); err != nil {
		t.Fatal(err)
	}
	localize(t, folder)
	for range 2 {
		if err := running.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	for _, namespace := range []string{"beta", "gamma"} {
		for role, subject := range map[string]string{
			"client": "$JS.API.STREAM.INFO.KV_" + namespace + "_schedules", "schedule": "$JS.API.STREAM.INFO." + namespace + "_triggers",
		} {
			answer, err := connectFile(t, folder, running.ClientURL(), namespace+"."+role).Request(subject, nil, patience)
			if err != nil || !strings.Contains(string(answer.Data), "stream not found") {
				t.Errorf("%s.%s: %v, %v; want an answer about a stream that is not there", namespace, role, answer, err)
			}
		}
	}
}

// startFile runs a server of namespace beta on the file that natsconf writes.
func startFile(t *testing.T, folder string) *server.Server {
	t.Helper()
	config := alone("beta")
	config.Folder = folder
	if _, err := natsconf.Write(folder, config); err != nil {
		t.Fatal(err)
	}
	options := load(t, localize(t, folder))
	options.NoSigs, options.NoLog = true, true
	running, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	running.Start()
	t.Cleanup(func() { running.Shutdown(); running.WaitForShutdown() })
	if !running.ReadyForConnections(patience) {
		t.Fatal("the server does not accept clients")
	}
	return running
}

// localize makes the node's file one of this machine: a port that the system
// chooses, and data below folder.
func localize(t *testing.T, folder string) (file string) {
	t.Helper()
	file = filepath.Join(folder, "a.nats.conf")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("0.0.0.0:4222", "127.0.0.1:-1", `"/data"`, `"`+filepath.Join(folder, "data")+`"`).Replace(string(data))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func connectFile(t *testing.T, folder, url, user string) *nats.Conn {
	t.Helper()
	s := site{folder: folder}
	nc, err := nats.Connect(url, s.credential(t, user)...)
	if err != nil {
		t.Fatalf("%s: %v", user, err)
	}
	t.Cleanup(nc.Close)
	return nc
}
