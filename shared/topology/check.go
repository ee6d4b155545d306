package topology

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/setting"
)

// mismatch is a setting of an existing stream that cannot be worked with.
type mismatch struct{ stream, setting, has, want string }

func (m *mismatch) Error() string {
	has := m.has
	if has == "" {
		has = "nothing"
	}
	return fmt.Sprintf("stream %s: %s is %s, want %s", m.stream, m.setting, has, m.want)
}

// check refuses settings under which what is wanted cannot be done.
func check(names contract.Names, want, has *jetstream.StreamConfig) error {
	if want.Name == names.BucketStream() {
		return checkBucket(names, has)
	}
	return checkStream(want, has)
}

// checkStream compares the settings that correctness rests on. Limits that an
// operator may choose (age of results, bytes, replicas) are left alone.
func checkStream(want, has *jetstream.StreamConfig) error {
	differ := func(name string, has, wanted any) error {
		if has == wanted {
			return nil
		}
		return &mismatch{want.Name, name, fmt.Sprint(has), fmt.Sprint(wanted)}
	}
	checks := []error{
		differ("subjects", strings.Join(has.Subjects, ","), strings.Join(want.Subjects, ",")),
		differ("retention", has.Retention.String(), want.Retention.String()),
	}
	if want.Retention == jetstream.WorkQueuePolicy {
		checks = append(checks,
			differ("discard", has.Discard.String(), want.Discard.String()),
			differ("allow_atomic", has.AllowAtomicPublish, true),
			differ("allow_rollup_hdrs", has.AllowRollup, true),
			differ("allow_msg_ttl", has.AllowMsgTTL, true),
			differ("deny_purge", has.DenyPurge, false),
			differ("max_age", has.MaxAge, want.MaxAge),
			differ("room for a trigger (max_msg_size)", has.MaxMsgSize < 0 || has.MaxMsgSize >= maxTrigger, true),
			differ("max_msgs", has.MaxMsgs, int64(-1)),
			differ("max_msgs_per_subject", has.MaxMsgsPerSubject, int64(-1)),
		)
	}
	if want.MaxMsgsPerSubject == 1 { // states of runs
		checks = append(checks,
			differ("allow_msg_ttl", has.AllowMsgTTL, true),
			differ("max_msgs_per_subject", has.MaxMsgsPerSubject, want.MaxMsgsPerSubject),
		)
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkBucket: a bucket made by another program is fine as long as it holds
// the keys, keeps them and has room for a schedule.
func checkBucket(names contract.Names, has *jetstream.StreamConfig) error {
	subject := names.BucketSubject(">")
	switch {
	case len(has.Subjects) != 1 || has.Subjects[0] != subject:
		return &mismatch{has.Name, "subjects", strings.Join(has.Subjects, ","), subject}
	case has.MaxMsgsPerSubject != -1 && has.MaxMsgsPerSubject < contract.BucketHistory:
		return &mismatch{has.Name, "max_msgs_per_subject (history)", strconv.FormatInt(has.MaxMsgsPerSubject, 10), strconv.Itoa(contract.BucketHistory)}
	case has.MaxMsgs != -1:
		return &mismatch{has.Name, "max_msgs", strconv.FormatInt(has.MaxMsgs, 10), "-1: schedules must not be pushed out"}
	case has.MaxAge != 0:
		return &mismatch{has.Name, "max_age", has.MaxAge.String(), "0s: schedules must not expire"}
	case has.MaxMsgSize > 0 && has.MaxMsgSize < contract.MaxScheduleBytes:
		return &mismatch{has.Name, "max_msg_size", strconv.Itoa(int(has.MaxMsgSize)), "at least " + strconv.Itoa(contract.MaxScheduleBytes)}
	}
	return nil
}

// maxTrigger is what a trigger takes at most: a schedule, its key twice and the
// headers of a batch.
const maxTrigger = contract.MaxScheduleBytes + 4<<10

// checkPayload refuses servers that do not take the largest trigger.
func checkPayload(limit int64) error {
	if limit >= maxTrigger {
		return nil
	}
	return &setting.Error{Name: "NATS_HOSTS", Problem: fmt.Sprintf("the server's max_payload is %d, want at least %d", limit, maxTrigger)}
}

// checkVersion refuses servers older than MinServer. A version that cannot be
// read is let through: forks and previews have their own.
func checkVersion(version string) error {
	has, ok := parseVersion(version)
	want, _ := parseVersion(MinServer)
	if !ok {
		return nil
	}
	for i := range want {
		if has[i] != want[i] {
			if has[i] > want[i] {
				return nil
			}
			return &setting.Error{Name: "NATS_HOSTS", Problem: "the server is version " + setting.Quote(version) + ", want " + MinServer + " or newer"}
		}
	}
	return nil
}

func parseVersion(version string) (parts [3]int, ok bool) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	fields := strings.Split(version, ".")
	if len(fields) != len(parts) {
		return parts, false
	}
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return parts, false
		}
		parts[i] = n
	}
	return parts, true
}
