package common_test

import (
	"encoding/json"
	"fmt"

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
