package contract

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is written field by field is what encoding/json writes, so that a new
// field cannot be forgotten.
func TestAppendResultIsWhatJSONWrites(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[ -~]{1,20}`), rapid.String())
	numbers := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64())
	times := rapid.Custom(func(t *rapid.T) time.Time {
		at := time.Unix(rapid.Int64Range(-99e9, 300e9).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
		switch rapid.IntRange(0, 2).Draw(t, "zone") {
		case 0:
			return time.Time{}
		case 1:
			return at.In(time.FixedZone("", rapid.IntRange(-90_000, 90_000).Draw(t, "offset")))
		}
		return at.UTC()
	})
	rapid.Check(t, func(t *rapid.T) {
		var r Result
		for i, fields := 0, reflect.ValueOf(&r).Elem(); i < fields.NumField(); i++ {
			switch f := fields.Field(i); f.Kind() {
			case reflect.String:
				f.SetString(texts.Draw(t, "text"))
			case reflect.Int, reflect.Int64:
				f.SetInt(numbers.Draw(t, "number"))
			default:
				f.Set(reflect.ValueOf(times.Draw(t, "time")))
			}
		}
		want, wantErr := json.Marshal(r)
		got, err := appendResult(nil, &r)
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != string(want) {
			t.Fatalf("got  %s, %v\nwant %s, %v", got, err, want, wantErr)
		}
	})
}
