// Package rehearse uses a staged release as people will: it gets the module,
// compiles the documents' program against it, looks at what that brings along,
// installs the programs, asks them for their version, and runs them against a
// NATS server in this process until a callback comes.
package rehearse
