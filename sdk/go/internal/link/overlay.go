//go:build enclos_overlay

package link

import (
	"io"
	_ "os" // It imports the package that the overlay adds to.
	"strings"
	"time"
	"unsafe"

	"enclos.invalid/sdk/internal/core"
)

// The functions without a body are in the overlay's file of the standard library (internal/core/overlay). The directives let the compiler
// accept them: a file of assembler would do so too, but its folder, which the overlay only shows, is not there for the assembler.

//go:linkname linkInside
func linkInside() bool

//go:linkname linkBoot
func linkBoot() string

//go:linkname linkSections
func linkSections() (manifest, files []byte)

//go:linkname linkHostEnvironment
func linkHostEnvironment() [][2]string

//go:linkname linkLog
func linkLog(level int, text string)

//go:linkname linkLogs
func linkLogs(level int) bool

//go:linkname linkPlatform
func linkPlatform(index uint16, payload []byte) ([]byte, string)

//go:linkname linkHost
func linkHost(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, string)

//go:linkname linkServe
func linkServe(maxBytes []int, handler func(call unsafe.Pointer, index uint16, payload []byte) (result []byte, code, message string)) string

//go:linkname linkCallDone
func linkCallDone(call unsafe.Pointer) <-chan struct{}

//go:linkname linkCallInvoke
func linkCallInvoke(call unsafe.Pointer, table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, string)

//go:linkname linkAccept
func linkAccept(listener int) (stream unsafe.Pointer, fd int, peer, failure string)

//go:linkname linkUnlisten
func linkUnlisten(listener int)

//go:linkname linkConnect
func linkConnect(destination int) (stream unsafe.Pointer, fd int, failure string)

//go:linkname linkRead
func linkRead(stream unsafe.Pointer, p []byte) (n, status int)

//go:linkname linkWrite
func linkWrite(stream unsafe.Pointer, p []byte) (n, status int)

//go:linkname linkCloseWrite
func linkCloseWrite(stream unsafe.Pointer) int

//go:linkname linkClose
func linkClose(stream unsafe.Pointer) int

//go:linkname linkDetach
func linkDetach(stream unsafe.Pointer) int

//go:linkname linkReadDeadline
func linkReadDeadline(stream unsafe.Pointer, t time.Time) int

//go:linkname linkWriteDeadline
func linkWriteDeadline(stream unsafe.Pointer, t time.Time) int

//go:linkname linkExit
func linkExit(code int)

// failure reads an error that crossed as one string.
func failure(text string) error {
	if text == "" {
		return nil
	}
	parts := strings.SplitN(text, "\x00", 4)
	return &core.EnclosError{Code: parts[0], Remote: parts[1] != "", RemoteCode: parts[2], Message: parts[3]}
}

func Inside() bool                       { return linkInside() }
func Boot() error                        { return failure(linkBoot()) }
func Sections() (manifest, files []byte) { return linkSections() }
func HostEnvironment() [][2]string       { return linkHostEnvironment() }
func Log(level int, text string)         { linkLog(level, text) }
func Logs(level int) bool                { return linkLogs(level) }
func Unlisten(listener int)              { linkUnlisten(listener) }
func Exit(code int)                      { linkExit(code) }

const HasEnvironment = true

func Platform(index uint16, payload []byte) ([]byte, error) {
	answer, text := linkPlatform(index, payload)
	return answer, failure(text)
}

func Host(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error) {
	answer, text := linkHost(table, index, payload, timeoutMs, maxResult)
	return answer, failure(text)
}

func Serve(maxBytes []int, handler Handler) error {
	return failure(linkServe(maxBytes, func(made unsafe.Pointer, index uint16, payload []byte) ([]byte, string, string) {
		result, err := handler(call{made}, index, payload)
		if err == nil {
			return result, "", ""
		}
		if known, ok := err.(*core.EnclosError); ok {
			return nil, known.Code, known.Message
		}
		// Not a code: core tells the host that the function failed, and in a debug enclave why.
		return nil, "FAILED", err.Error()
	}))
}

type call struct{ made unsafe.Pointer }

func (c call) Done() <-chan struct{} { return linkCallDone(c.made) }

func (c call) Invoke(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error) {
	answer, text := linkCallInvoke(c.made, table, index, payload, timeoutMs, maxResult)
	return answer, failure(text)
}

func Accept(listener int) (Stream, error) {
	made, fd, peer, text := linkAccept(listener)
	if text != "" {
		return nil, failure(text)
	}
	return &stream{made, fd, peer}, nil
}

func Connect(destination int) (Stream, error) {
	made, fd, text := linkConnect(destination)
	if text != "" {
		return nil, failure(text)
	}
	return &stream{made, fd, ""}, nil
}

type stream struct {
	made unsafe.Pointer
	fd   int
	peer string
}

func status(number int) error {
	switch number {
	case 0:
		return nil
	case 1:
		return io.EOF
	case 2:
		return core.EnclosErrDeadline
	case 3:
		return core.EnclosErrClosed
	}
	return &core.EnclosError{Code: "STREAM_BROKEN", Message: "The connection broke before it was closed in order."}
}

func (s *stream) FD() int      { return s.fd }
func (s *stream) Detach() int  { return linkDetach(s.made) }
func (s *stream) Peer() string { return s.peer }

func (s *stream) Read(p []byte) (int, error) {
	n, number := linkRead(s.made, p)
	return n, status(number)
}

func (s *stream) Write(p []byte) (int, error) {
	n, number := linkWrite(s.made, p)
	return n, status(number)
}

func (s *stream) CloseWrite() error                  { return status(linkCloseWrite(s.made)) }
func (s *stream) Close() error                       { return status(linkClose(s.made)) }
func (s *stream) SetReadDeadline(t time.Time) error  { return status(linkReadDeadline(s.made, t)) }
func (s *stream) SetWriteDeadline(t time.Time) error { return status(linkWriteDeadline(s.made, t)) }
