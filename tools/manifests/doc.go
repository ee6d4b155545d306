// Package manifests holds no code: its tests check what is under deploy/ against
// the types that will read it, those of the Kubernetes API, of the Prometheus
// operator, of KEDA and of compose, strictly: a field that is misspelt is an
// error. The alerts are evaluated by Prometheus's own rules on series that tests
// make up, and what they and the dashboard name is what the programs export.
package manifests
