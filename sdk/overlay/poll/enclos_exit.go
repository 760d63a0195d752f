//go:build go1.23

package poll

import "internal/runtime/exithook"

// enclosAtExit has a function run before the end of the process, whatever its exit code.
func enclosAtExit(f func()) { exithook.Add(exithook.Hook{F: f, RunOnFailure: true}) }
