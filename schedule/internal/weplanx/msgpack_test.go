package weplanx_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/internal/weplanx"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// What would be lost or changed on the way to JSON, and what is no MessagePack.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"cut text":        {[]byte("\xa5abc"), "ends too early"},
		"cut length":      {[]byte("\xda\x01"), "ends too early"},
		"cut array":       {[]byte("\x92\x01"), "ends too early"},
		"huge array":      {[]byte("\xdd\xff\xff\xff\xff"), "ends too early"},
		"huge map":        {[]byte("\xdf\xff\xff\xff\xff\xa1a"), "ends too early"},
		"cut map":         {[]byte("\x82\xa1a\x01"), "ends too early"},
		"cut number":      {[]byte("\xcf\x01"), "ends too early"},
		"two values":      {[]byte("\x01\x02"), "1 bytes follow the value"},
		"reserved":        {[]byte("\xc1"), "0xc1 begins no value"},
		"name no text":    {[]byte("\x81\x01\x02"), "name of a field is no text"},
		"name twice":      {[]byte("\x82\xa1a\x01\xa1a\x02"), `field "a" is given twice`},
		"not UTF-8":       {[]byte("\xa1\xff"), "not UTF-8"},
		"extension":       {[]byte("\xd4\x05\x00"), "type 5 of an extension"},
		"time of 1 byte":  {[]byte("\xd4\xff\x00"), "a time has 1 bytes"},
		"cut extension":   {[]byte("\xc7\x0c\xff\x00"), "ends too early"},
		"nested for ever": {bytes.Repeat([]byte("\x91"), 1<<20), "deeper than 64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := weplanx.Convert(test.data, weplanx.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "is not MessagePack") {
				t.Errorf("error is %v, want it to contain %q", err, test.want)
			}
		})
	}
}

// Whatever lies in a bucket takes nothing down, and what is read of it either can
// be stored or is refused.
func FuzzConvert(f *testing.F) {
	for _, data := range values(f) {
		f.Add(data)
	}
	f.Add([]byte("\xdc\x00\x01\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xf1\x88n\x09\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := weplanx.Convert(data, weplanx.Options{DropUnknown: true})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("error is %q, want one line", err)
			}
			return
		}
		schedule := contract.Schedule{Jobs: got.Jobs, Paused: got.Paused}
		if schedule.Check(spec.Check) != nil {
			return
		}
		stored, err := contract.Encode(schedule)
		if err != nil {
			t.Fatal(err)
		}
		back, err := contract.Decode[contract.Schedule](stored)
		if err != nil || !contract.SameJobs(back.Jobs, got.Jobs) {
			t.Errorf("stored as %s, which reads as something else: %v", stored, err)
		}
	})
}
