package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// Run needs a scheduler, unlike storing a schedule.
func ExampleSchedule_Run() {
	schedule, stop := exampleClient()
	defer stop()

	job := common.HttpJob("@hourly", common.HttpOption{Url: "https://api.developer.com"})
	if err := schedule.Set("test", job); err != nil {
		log.Fatal(err)
	}
	runs, err := schedule.Run("test")
	fmt.Println(runs, errors.Is(err, client.ErrNoScheduler))
	// Output: [] true
}

// What died of a timeout within the last day is sent again.
func ExampleSchedule_ResendAll() {
	schedule, stop := exampleClient()
	defer stop()

	ctx := context.Background()
	query := client.DeadQuery{Since: time.Now().Add(-24 * time.Hour), ErrorClass: "timeout"}
	letters, err := schedule.DeadLettersContext(ctx, "report", query)
	if err != nil {
		log.Fatal(err)
	}
	for _, letter := range letters {
		fmt.Println(letter.Sequence, letter.Scheduled, letter.Error)
	}
	sent, err := schedule.ResendAll(ctx, "report", query)
	for _, again := range sent {
		fmt.Println(again.Dead, "runs again as", again.ID)
	}
	var failed client.LetterErrors
	if errors.As(err, &failed) {
		fmt.Println(len(failed), "could not be sent")
	}
}
