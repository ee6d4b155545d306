// Package changelog reads and checks the CHANGELOG of a module, in the form of
// Keep a Changelog 1.1.0, and turns what is unreleased into the section of a
// version.
//
// A file begins with "# Changelog" and some words. Then comes the section
// "## [Unreleased]", and below it one for each version, newest first:
//
//	## [0.2.0] - 2026-12-24
//
//	### Added
//	- What was added.
//
// The file ends with one link for each section, in the same order, as soon as
// there is a version; where they lead is known (see Links).
package changelog

// Unreleased is the name of the section for what no version has yet.
const Unreleased = "Unreleased"

// kinds are the headings within a section.
var kinds = []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}

// Section is what one version, or none yet, changes.
type Section struct {
	Version string // without the "v", or Unreleased
	Date    string // YYYY-MM-DD; empty for Unreleased
	Body    string // what is below the heading, without blank lines around it
	Line    int    // of the heading, from 1
}

// Link is a reference to a section.
type Link struct {
	Version, URL string
}

// Log is a CHANGELOG.
type Log struct {
	Title    string // what is above the first section
	Sections []Section
	Links    []Link
}
