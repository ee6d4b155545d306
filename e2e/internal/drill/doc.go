// Package drill is what the programs share that harm running services and then let
// a ledger decide: their flags and their folder, the harm that is done for a time,
// and the findings that they keep.
package drill
