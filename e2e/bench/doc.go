// Package bench measures schedulers and workers, through their public packages,
// on NATS servers in the process of the benchmark: one server with streams of
// one replica (R1), and three with streams of three (R3).
//
// Every benchmark carries out one trial for each iteration and reports the
// median of each figure over its iterations. What is compared is measured in
// turns within each iteration, so that the ratios hold although the machine may
// be busy with other things:
//
//	go test -run '^$' -bench Herd/R3/10000 -benchtime 5x ./e2e/bench
//
// Lateness is the server's timestamp of a stored trigger, or the time at which
// a callback arrived, minus the time at which the occurrence was due; what is
// negative came ahead. All clocks are those of one machine.
//
// Trials that take minutes are left out unless the environment variable
// BENCH_LARGE is set.
package bench
