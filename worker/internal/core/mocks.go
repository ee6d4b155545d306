package core

// Mocks are for the order in which ports are used; everything else is tested
// with the fakes of adapter/mem.
//go:generate go tool mockgen -destination=coremock/mocks.go -package=coremock . ResultLog,DeadLetters,Handle
