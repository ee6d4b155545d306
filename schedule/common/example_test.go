package common_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/weplanx/workflow/schedule/common"
)

func ExampleHttpJob() {
	job := common.HttpJob("@every 15s", common.HttpOption{
		Url:     "https://api.developer.com",
		Headers: map[string]string{"x-team": "beta"},
		Body:    map[string]interface{}{"hello": "world"},
	})
	text, err := json.MarshalIndent(job, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "mode": "HTTP",
	//   "spec": "@every 15s",
	//   "option": {
	//     "url": "https://api.developer.com",
	//     "headers": {
	//       "x-team": "beta"
	//     },
	//     "body": {
	//       "hello": "world"
	//     }
	//   }
	// } <nil>
}

// A listener on beta.jobs.report.daily gets the message, in namespace "beta".
func ExampleNatsJob() {
	job := common.NatsJob("0 6 * * *", common.NatsOption{
		Subject: "report.daily",
		Headers: map[string]string{"x-team": "beta"},
		Body:    map[string]interface{}{"hello": "world"},
		Request: true,
	})
	job.Timezone = "Asia/Shanghai"
	job.Attempts = 3
	job.Deadline = common.Duration(10 * time.Minute)
	job.Overlap = common.OverlapSkip
	text, err := json.MarshalIndent(job, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "mode": "NATS",
	//   "spec": "0 6 * * *",
	//   "timezone": "Asia/Shanghai",
	//   "attempts": 3,
	//   "deadline": "10m0s",
	//   "overlap": "skip",
	//   "option": {
	//     "subject": "report.daily",
	//     "headers": {
	//       "x-team": "beta"
	//     },
	//     "body": {
	//       "hello": "world"
	//     },
	//     "request": true
	//   }
	// } <nil>
}

// A job may say when it begins and ends, what daylight saving time does to it,
// and what is to become of occurrences that an outage made late.
func ExampleJob() {
	job := common.HttpJob("30 2 * * *", common.HttpOption{Url: "https://api.developer.com"})
	job.Timezone = "Europe/Berlin"
	job.Start = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	job.Jitter = common.Duration(30 * time.Second)
	job.DST = common.DST{Gap: common.GapSkip, Fold: common.FoldBoth}
	job.Misfire = common.Misfire{Policy: common.MisfireAll, Limit: 10, Window: common.Duration(time.Hour)}
	text, err := json.MarshalIndent(job, "", "  ")
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "mode": "HTTP",
	//   "spec": "30 2 * * *",
	//   "timezone": "Europe/Berlin",
	//   "start": "2026-03-01T00:00:00Z",
	//   "jitter": "30s",
	//   "dst": {
	//     "gap": "skip",
	//     "fold": "both"
	//   },
	//   "misfire": {
	//     "policy": "all",
	//     "limit": 10,
	//     "window": "1h0m0s"
	//   },
	//   "option": {
	//     "url": "https://api.developer.com"
	//   }
	// } <nil>
}
