// Package artifact makes what people download: for every program and platform an
// archive with the program, our licence and those of all that is compiled in, a
// software bill of materials (CycloneDX 1.6), and one file of checksums that
// sha256sum -c reads.
//
// Programs of a released module are not built from the work tree but installed
// from the module's zip, so that
//
//	CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' github.com/weplanx/workflow/schedule/cmd/schedule@v0.1.0
//
// with the same release of Go, which the bill of materials names, makes the same
// program byte for byte. The standalone belongs to no released module; it is
// built in the workspace at the commit that the tag names.
//
// Everything is reproducible: times are those of the commit, entries have an
// order and no owner, and nothing tells where it was built.
package artifact
