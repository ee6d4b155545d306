// Package deploy holds no code: its tests check that what is under deploy/ sets
// the programs by settings that they have, and starts them with as little
// privilege as they need; and that the guides' commands name what there is, and
// run as far as they can run here. Module tools/manifests checks the same files against
// the types that Kubernetes and compose read them with.
package deploy
