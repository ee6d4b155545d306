//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// repartitionLimit is how long a change of the number of partitions may take.
const repartitionLimit = 20 * time.Second

// repartition changes the number of partitions while schedulers run. It may be
// refused while a stream has no leader or an earlier change is under way: the
// ledger tells whether it then left everything as it was.
func (t *trial) repartition(ctx context.Context, count int) error {
	defer t.harmed.Begin(repartitioned, "")()
	log, err := os.OpenFile(filepath.Join(t.folder, "partitions.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(ctx, repartitionLimit)
	defer cancel()
	p := t.schedulers[0]
	cmd := exec.CommandContext(ctx, p.Path, "-partitions", strconv.Itoa(count))
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, log, log
	fmt.Fprintf(log, "--- %s to %d\n", time.Now().UTC().Format(time.RFC3339Nano), count)
	if cmd.Run() == nil {
		t.repartitioned++
	}
	return nil
}
