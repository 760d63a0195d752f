//go:build !go1.23

package poll

import _ "unsafe" // for go:linkname

// enclosAtExit has a function run before the end of the process, whatever its exit code.
func enclosAtExit(f func()) { addExitHook(f, true) }

//go:linkname addExitHook runtime.addExitHook
func addExitHook(f func(), runOnNonZeroExit bool)
