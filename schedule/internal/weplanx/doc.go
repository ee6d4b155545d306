// Package weplanx reads the schedules of this product's predecessor,
// weplanx/schedule, out of the buckets in which it kept them, and makes jobs of
// today's contract of them. It changes nothing.
//
// # What is out there
//
// Found in the history of github.com/weplanx/schedule, which
// github.com/weplanx/workflow redirected to (both read up to 50f7af7 of
// 2024-11-05, after v1.6.0), and of github.com/weplanx/worker (up to c07f51f,
// after v1.6.0). Workers stored nothing. Schedules were kept in:
//
//	version                   bucket                     value
//	before 2022-05 (v1.1)     MongoDB, over gRPC         not read here
//	2022-05 to 2023-05, v1.2  objects {ns}_schedules     jobs
//	2023-08-12 to 14, no tag  KV schedules_{id}, then    jobs
//	                          {ns}_schedules
//	v1.3.0 to v1.3.3          KV {ns}_schedules_{id}     status and jobs
//	v1.3.4 to v1.4.4          KV {ns}_schedules_{node}   status and jobs
//	v1.5.0 to v1.6.0          KV schedules_{node}        status and jobs
//
// All values are MessagePack, written by github.com/vmihailenco/msgpack/v5
// (v5.3.5, since v1.4.4 v5.4.0 and later) from Go structs:
//
//	jobs             an array of job
//	status and jobs  a map: "status", whether it runs, and "jobs", an array of job
//	job              a map: "mode", "spec", "option", "next", "prev"
//	option           of mode HTTP a map: "url", "headers", "body"; since v1.5.1 also "method"
//
// The structs name the state "state", but it is embedded, and the library writes
// the fields of such a struct among those around it. So "next" and "prev" are
// found in each job, always the zero time: clients never fill them. Values that
// went through Status of the client (v1.3 and later) were decoded and encoded
// anew, with options as maps: the same fields, in any order, with numbers in
// their widest form. Headers and body may be nil.
//
// Objects of v1.2 were stored by nats.go v1.15 and v1.16, which named the message
// that describes an object by its name with dots and spaces replaced, and digests
// "sha-256=…". Today's nats.go looks for the base64 of the name, finds the
// objects when it lists them, and does not find them when it gets one. Both kinds
// are read here.
//
// # What it meant
//
// Specs went to robfig/cron with seconds: six fields, or descriptors, in the
// zone of the node's process, which in its image was UTC unless TZ was set. Five
// fields were refused by the node, so such a schedule never ran. "@every" counted
// from the node's start, in whole seconds. Workers up to v1.4 always sent POST;
// from v1.5 they sent the option's method, and GET where it was empty. The option
// was read by github.com/mitchellh/mapstructure: names in any case, unknown ones
// ignored. A nil body was sent as the JSON null.
package weplanx
