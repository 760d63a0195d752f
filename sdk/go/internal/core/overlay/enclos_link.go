//go:build enclos_overlay

// Package core, here, is the one file more that the overlay copies beside those of internal/core: it gives them to internal/link of
// the SDK, whose functions of the same names have no bodies. Only values that both sides know cross.
package core

import (
	"io"
	"time"
	"unsafe"
)

// ecFailure is an error as one string, "" for none: code, whether it is remote, the remote code and the message.
func ecFailure(err error) string {
	known, ok := err.(*EnclosError)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "GATE_REMOTE_ERROR\x00\x00\x00" + err.Error()
	case known.Remote:
		return known.Code + "\x00r\x00" + known.RemoteCode + "\x00" + known.Message
	}
	return known.Code + "\x00\x00\x00" + known.Message
}

//go:linkname ecLinkInside enclos.invalid/sdk/internal/link.linkInside
func ecLinkInside() bool { return EnclosInside() }

//go:linkname ecLinkBoot enclos.invalid/sdk/internal/link.linkBoot
func ecLinkBoot() string { return ecFailure(EnclosBoot()) }

//go:linkname ecLinkSections enclos.invalid/sdk/internal/link.linkSections
func ecLinkSections() (manifest, files []byte) { return EnclosSections() }

//go:linkname ecLinkHostEnvironment enclos.invalid/sdk/internal/link.linkHostEnvironment
func ecLinkHostEnvironment() [][2]string { return EnclosHostEnvironment() }

//go:linkname ecLinkLog enclos.invalid/sdk/internal/link.linkLog
func ecLinkLog(level int, text string) { EnclosLog(level, text) }

//go:linkname ecLinkLogs enclos.invalid/sdk/internal/link.linkLogs
func ecLinkLogs(level int) bool { return EnclosLogs(level) }

//go:linkname ecLinkPlatform enclos.invalid/sdk/internal/link.linkPlatform
func ecLinkPlatform(index uint16, payload []byte) ([]byte, string) {
	answer, err := EnclosPlatform(index, payload)
	return answer, ecFailure(err)
}

//go:linkname ecLinkHost enclos.invalid/sdk/internal/link.linkHost
func ecLinkHost(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, string) {
	answer, err := EnclosHost(table, index, payload, timeoutMs, maxResult)
	return answer, ecFailure(err)
}

//go:linkname ecLinkServe enclos.invalid/sdk/internal/link.linkServe
func ecLinkServe(maxBytes []int, handler func(call unsafe.Pointer, index uint16, payload []byte) (result []byte, code, message string)) string {
	return ecFailure(EnclosServeBounded(maxBytes, func(call *EnclosCall) ([]byte, error) {
		result, code, message := handler(unsafe.Pointer(call), call.Index, call.Payload)
		if code != "" {
			return nil, ecFail(code, message)
		}
		return result, nil
	}))
}

//go:linkname ecLinkCallDone enclos.invalid/sdk/internal/link.linkCallDone
func ecLinkCallDone(call unsafe.Pointer) <-chan struct{} { return (*EnclosCall)(call).Done() }

//go:linkname ecLinkCallInvoke enclos.invalid/sdk/internal/link.linkCallInvoke
func ecLinkCallInvoke(call unsafe.Pointer, table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, string) {
	answer, err := (*EnclosCall)(call).Invoke(table, index, payload, timeoutMs, maxResult)
	return answer, ecFailure(err)
}

//go:linkname ecLinkAccept enclos.invalid/sdk/internal/link.linkAccept
func ecLinkAccept(listener int) (stream unsafe.Pointer, fd int, peer, failure string) {
	s, peer, err := EnclosAccept(listener)
	if err != nil {
		return nil, -1, "", ecFailure(err)
	}
	return unsafe.Pointer(s), s.FD(), peer, ""
}

//go:linkname ecLinkUnlisten enclos.invalid/sdk/internal/link.linkUnlisten
func ecLinkUnlisten(listener int) { EnclosUnlisten(listener) }

//go:linkname ecLinkConnect enclos.invalid/sdk/internal/link.linkConnect
func ecLinkConnect(destination int) (stream unsafe.Pointer, fd int, failure string) {
	s, err := EnclosConnect(destination)
	if err != nil {
		return nil, -1, ecFailure(err)
	}
	return unsafe.Pointer(s), s.FD(), ""
}

// What a stream gave, as a number: nothing wrong, its end, a passed deadline, closed here, broken.
func ecStreamStatus(err error) int {
	switch err {
	case nil:
		return 0
	case io.EOF:
		return 1
	case EnclosErrDeadline:
		return 2
	case EnclosErrClosed:
		return 3
	}
	return 4
}

//go:linkname ecLinkRead enclos.invalid/sdk/internal/link.linkRead
func ecLinkRead(stream unsafe.Pointer, p []byte) (n, status int) {
	n, err := (*EnclosStream)(stream).Read(p)
	return n, ecStreamStatus(err)
}

//go:linkname ecLinkWrite enclos.invalid/sdk/internal/link.linkWrite
func ecLinkWrite(stream unsafe.Pointer, p []byte) (n, status int) {
	n, err := (*EnclosStream)(stream).Write(p)
	return n, ecStreamStatus(err)
}

//go:linkname ecLinkCloseWrite enclos.invalid/sdk/internal/link.linkCloseWrite
func ecLinkCloseWrite(stream unsafe.Pointer) int {
	return ecStreamStatus((*EnclosStream)(stream).CloseWrite())
}

//go:linkname ecLinkClose enclos.invalid/sdk/internal/link.linkClose
func ecLinkClose(stream unsafe.Pointer) int { return ecStreamStatus((*EnclosStream)(stream).Close()) }

//go:linkname ecLinkDetach enclos.invalid/sdk/internal/link.linkDetach
func ecLinkDetach(stream unsafe.Pointer) int { return (*EnclosStream)(stream).Detach() }

//go:linkname ecLinkReadDeadline enclos.invalid/sdk/internal/link.linkReadDeadline
func ecLinkReadDeadline(stream unsafe.Pointer, t time.Time) int {
	return ecStreamStatus((*EnclosStream)(stream).SetReadDeadline(t))
}

//go:linkname ecLinkWriteDeadline enclos.invalid/sdk/internal/link.linkWriteDeadline
func ecLinkWriteDeadline(stream unsafe.Pointer, t time.Time) int {
	return ecStreamStatus((*EnclosStream)(stream).SetWriteDeadline(t))
}

//go:linkname ecLinkExit enclos.invalid/sdk/internal/link.linkExit
func ecLinkExit(code int) { EnclosExit(code) }
