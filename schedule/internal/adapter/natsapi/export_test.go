package natsapi

import "github.com/weplanx/workflow/shared/contract"

// What the endpoints do with a request.
var (
	DecodeRun    = decode[contract.RunRequest]
	DecodeResend = decode[contract.ResendRequest]
)
