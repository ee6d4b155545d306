// Package tracing exports OpenTelemetry traces by OTLP, as its usual variables
// say. Without them there is no provider, and nothing is done.
//
// # One trace, and nothing carried
//
// The trace of an occurrence has an ID that follows from the occurrence's
// ([contract.TraceID]), and so has its first span ([contract.RootSpan]), which
// the scheduler makes. A worker knows both from the trigger, so its spans are
// children of that one although no message carries a context.
//
// The same holds for sampling: it is decided by the ID of the trace alone, so all
// programs with the same sampler decide alike. That is why there is no difference
// between a sampler and its "parentbased_" variant: no span has a parent whose
// decision would be another one.
//
// # What can fail
//
// Nothing but traces: a span that has ended is put into a queue, or dropped when
// that is full. Spans are sent in batches, one after the other; a batch that the
// collector does not take, after the retries of OTLP, is lost. Losses are told to
// the log once a minute at most. Closing sends what there is, for two seconds.
//
// No span holds a URL, a header or a body.
package tracing
