// Package stage plays a release in folders of its own, so that it can be looked
// at before anything is tagged or published.
//
// The commit that is checked out is pushed to a bare repository in a folder.
// What is to be released, and the modules of ours that it requires, is prepared,
// checked and tagged there, by the code that does it in earnest, as far as it is
// not tagged yet. Then the go command makes the zips of the modules from that
// repository, which git takes for https://github.com/weplanx/workflow, and these
// are laid out as a module proxy of files. What is built with the environment of
// Go sees the modules as the world will: without workspace, replaces and work
// tree.
//
// Modules of others come from the module cache of this machine, where they are
// there, and else from GOPROXY as it is set; checksums are verified as usual but
// for our own.
package stage
