// Package link is the seam between the SDK and its runtime. Without the overlay of `enclos go build` the runtime is internal/core;
// with it, the copy of internal/core in the standard library, which carries the networking of the program: there must be one, since
// there is one gate.
package link

import "time"

// Stream is a connection: core.EnclosStream has the comments.
type Stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	CloseWrite() error
	Close() error
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	FD() int
	Detach() int
	Peer() string
}

// Call is a call of the host: core.EnclosCall has the comments.
type Call interface {
	Done() <-chan struct{}
	Invoke(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error)
}

// Handler runs a call of the host.
type Handler func(call Call, index uint16, payload []byte) ([]byte, error)
