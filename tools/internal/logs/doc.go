// Package logs compares the lines that the programs log of themselves with the
// pages that tell of them. Those of occurrences and of firing come from the
// monitors, whose tests compare them with the same pages.
package logs
