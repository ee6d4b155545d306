// Package workflows holds no code: its tests check what the workflows of the
// repository may do. Their form is actionlint's business (make lint).
package workflows
