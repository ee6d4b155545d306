package httpexec

// What tests look at directly.
var (
	RetryAfter = retryAfter
	Text       = text
)
