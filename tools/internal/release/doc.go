// Package release decides whether a module of the repository may be released as
// a version, and releases it: by an annotated tag, which is all that a Go module
// needs.
//
// Modules are released leaf first: schedule and worker require shared, so shared
// is tagged before them. A go.mod may require versions that are tagged, or are
// about to be; a replace would break `go install` of a program, and go.work,
// which stands in for what is not tagged yet, is not seen by those who install.
// That is why a build in the workspace proves nothing about a release: package
// rehearse does.
//
// A version says what it changes. For that the exported API of the module is
// compared with that of the last version: what breaks a program needs a new
// major version, or a new minor one as long as the major version is 0
// (https://go.dev/doc/modules/version-numbers).
//
// Nothing here pushes, or changes a file, unless it is told to.
package release
