//go:build !enclos_overlay

package link

import "enclos.invalid/sdk/internal/core"

// Inside tells whether this process is an enclave.
func Inside() bool { return core.EnclosInside() }

// Boot greets platform and host, and waits for the host's start.
func Boot() error { return core.EnclosBoot() }

// Sections are the manifest and the embedded files, as measured.
func Sections() (manifest, files []byte) { return core.EnclosSections() }

// HostEnvironment are the variables of the host.
func HostEnvironment() [][2]string { return core.EnclosHostEnvironment() }

// Log writes a line to the host's log.
func Log(level int, text string) { core.EnclosLog(level, text) }

// Logs tells whether a line of the level is sent.
func Logs(level int) bool { return core.EnclosLogs(level) }

// Platform calls a function of the platform.
func Platform(index uint16, payload []byte) ([]byte, error) {
	return core.EnclosPlatform(index, payload)
}

// Host calls a function of the host.
func Host(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error) {
	return core.EnclosHost(table, index, payload, timeoutMs, maxResult)
}

// Serve registers the handler of the host's calls.
func Serve(maxBytes []int, handler Handler) error {
	return core.EnclosServeBounded(maxBytes, func(call *core.EnclosCall) ([]byte, error) {
		return handler(call, call.Index, call.Payload)
	})
}

// Accept waits for a connection of a listener.
func Accept(listener int) (Stream, error) {
	s, _, err := core.EnclosAccept(listener)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Unlisten ends Accept.
func Unlisten(listener int) { core.EnclosUnlisten(listener) }

// Connect connects to a destination.
func Connect(destination int) (Stream, error) {
	s, err := core.EnclosConnect(destination)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Exit sends what waits and ends the process.
func Exit(code int) { core.EnclosExit(code) }

// HasEnvironment is true when the variables of the host are in the environment of the process already.
const HasEnvironment = false
