package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/internal/weplanx"
	"github.com/weplanx/workflow/shared/spec"
)

// importFlags are those of import weplanx.
type importFlags struct {
	from      string
	kind      string
	prefix    string
	timezone  string
	overwrite bool
	unknown   bool
	dry       bool
}

func (s *session) importing() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Take over schedules of other systems",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknown(cmd, args[0])
		},
	}
	cmd.AddCommand(s.importWeplanx())
	return cmd
}

func (s *session) importWeplanx() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "weplanx --from NAME",
		Short: "Take over schedules of weplanx/schedule v1.2 to v1.6",
		Long: `Read the schedules that weplanx/schedule v1.2 to v1.6 kept on NATS and store them in
the namespace. NAME is the old namespace (v1.2 to v1.4) or node (v1.3 to v1.6), or a
bucket. Nothing is changed where they come from, unless that is the bucket of this
namespace: then each is rewritten in its place.

Stop the old schedule nodes before, or every job runs twice. A schedule whose status
was off is stored paused. One that is stored already with the same jobs is left as
it is, so the import can be repeated; with other jobs it is replaced by --overwrite
only. What cannot be taken over is listed with the reason and does not hinder the
rest; the exit code is 1 then.

Old schedules that are on another server or in another account are read with
FROM_NATS_HOSTS, FROM_NATS_NKEY or FROM_NATS_CREDS, FROM_NATS_CA, FROM_NATS_CERT,
FROM_NATS_KEY and FROM_NATS_INBOX; FROM_NATS_HOSTS alone says that they are elsewhere.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return s.takeOver(cmd.Context(), cmd, &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.from, "from", "", "old namespace, node or bucket")
	flags.StringVar(&f.kind, "type", "", "kv or object: which kind of bucket (default: the one that is there)")
	flags.StringVar(&f.prefix, "prefix", "", "put before every key")
	flags.StringVar(&f.timezone, "timezone", "", "zone of specs that name none: the TZ of the old nodes (default UTC)")
	flags.BoolVar(&f.overwrite, "overwrite", false, "replace schedules that are stored with other jobs")
	flags.BoolVar(&f.unknown, "drop-unknown", false, "leave out fields that are not known, with a note, instead of refusing the schedule")
	flags.BoolVar(&f.dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

func (f *importFlags) check(cmd *cobra.Command) error {
	switch {
	case f.from == "":
		return misused(cmd, "want --from, the old namespace, node or bucket")
	case f.kind != "" && f.kind != string(weplanx.KV) && f.kind != string(weplanx.Object):
		return misused(cmd, "--type is %.20q, want kv or object", f.kind)
	}
	if err := spec.Check("@hourly", f.timezone); err != nil {
		return misused(cmd, "--%w", err)
	}
	return nil
}

// takeOver reads the old schedules and stores them.
func (s *session) takeOver(ctx context.Context, cmd *cobra.Command, f *importFlags) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	nc, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer nc.Close()
	source, elsewhere, err := dialSource(ctx, nc)
	if err != nil {
		return err
	}
	if elsewhere {
		defer source.Close()
	}
	old, err := readOld(ctx, cmd, source, f)
	if err != nil {
		return err
	}
	var options []client.Option
	if f.dry {
		options = append(options, client.WithoutCreating())
	}
	schedule, err := bind(ctx, c.Namespace, nc, options...)
	var absent *namespaceError
	if f.dry && errors.As(err, &absent) {
		schedule, err = nil, nil // nothing is stored yet
	}
	if err != nil {
		return err
	}
	i := importer{flags: f, schedule: schedule, now: s.Now(), inPlace: !elsewhere && old.bucket == (weplanx.Bucket{Name: c.Namespace + "_schedules", Kind: weplanx.KV})}
	if i.inPlace && f.prefix != "" {
		return misused(cmd, "--prefix cannot be used for the namespace's own bucket, whose schedules are rewritten in their place")
	}
	return s.showImport(c.Namespace, old.bucket, f.dry, i.all(ctx, old.entries))
}

// oldBucket is where the old schedules were found.
type oldBucket struct {
	bucket  weplanx.Bucket
	entries []weplanx.Entry
	old     int // entries that are not of today's contract
}

// readOld finds the one bucket that is meant and reads it. A bucket that holds
// nothing old is meant only when there is no other.
func readOld(ctx context.Context, cmd *cobra.Command, nc *nats.Conn, f *importFlags) (oldBucket, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return oldBucket{}, err
	}
	buckets, err := weplanx.Find(ctx, js, f.from, weplanx.Kind(f.kind))
	if err != nil {
		return oldBucket{}, fmt.Errorf("%w (FROM_NATS_HOSTS and the like are for old schedules that are elsewhere)", err)
	}
	var meant, empty []oldBucket
	for _, bucket := range buckets {
		b := oldBucket{bucket: bucket}
		if b.entries, err = weplanx.Read(ctx, js, bucket); err != nil {
			return b, err
		}
		for _, e := range b.entries {
			if !weplanx.Current(e.Data) {
				b.old++
			}
		}
		if b.old > 0 {
			meant = append(meant, b)
		} else {
			empty = append(empty, b)
		}
	}
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(meant) == 0 && len(empty) > 0:
		return empty[0], nil
	case len(meant) == 0:
		return oldBucket{}, &missingBucketError{f.from}
	}
	return oldBucket{}, misused(cmd, "--from %q may be %s: want the name of one of these buckets, and --type where two have the same", f.from, named(meant))
}

func named(buckets []oldBucket) string {
	names := make([]string, len(buckets))
	for i, b := range buckets {
		names[i] = fmt.Sprintf("%s (%s, %d schedules)", b.bucket.Name, b.bucket.Kind, b.old)
	}
	return strings.Join(names, ", ")
}

// missingBucketError is an exit code of its own: there is nothing of that name.
type missingBucketError struct{ from string }

func (e *missingBucketError) Error() string {
	return fmt.Sprintf("no bucket of schedules belongs to %q, want an old namespace, node or bucket that is on this server and in this account", e.from)
}

func (e *missingBucketError) Is(target error) bool { return target == client.ErrNotFound }
