// Package imports holds no code: its tests check who imports whom in the whole
// repository. The table of rules is in rules_test.go. Rules are about what is
// compiled into a program; for tests only the borders between modules hold,
// because a test of a core may well use a fake adapter.
package imports
