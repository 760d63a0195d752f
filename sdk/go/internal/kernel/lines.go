package kernel

import (
	"sync"
	"unsafe"

	. "enclos.invalid/sdk/internal/core"
)

// vkLevelInfo is the level of what a program prints: a stream of bytes has no other.
const vkLevelInfo = 2

const vkOutputLog = "log"

// vkLevelWarn is the level of what this package says about something that it refused.
const vkLevelWarn = 1

// vkLineBytes is where a line without an end is cut: the gate carries no longer ones (packages/model/gate, LOG).
const vkLineBytes = 8192

// vkLines cuts what is written into lines. A part without an end waits for it.
type vkLines struct {
	mu   sync.Mutex
	part []byte
}

func (l *vkLines) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(p) > 0 {
		end := 0
		for end < len(p) && p[end] != '\n' {
			end++
		}
		l.part = append(l.part, p[:end]...)
		if end == len(p) {
			l.cut()
			return
		}
		p = p[end+1:]
		l.flush()
	}
}

func (l *vkLines) cut() {
	for len(l.part) >= vkLineBytes {
		rest := append([]byte(nil), l.part[vkLineBytes:]...)
		l.part = l.part[:vkLineBytes]
		l.flush()
		l.part = rest
	}
}

// flush sends a line, unless enclave.json says `"output": "none"`.
func (l *vkLines) flush() {
	if manifest := EnclosManifest(); manifest != nil && manifest.Output == vkOutputLog {
		EnclosLog(vkLevelInfo, string(l.part))
	}
	l.part = l.part[:0]
}

// finish sends what has no end yet, when the process ends.
func (l *vkLines) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.flush()
	}
}

// vkWarnings are those that were given: a program that tries again and again needs to be told once.
var vkWarnings = struct {
	mu    sync.Mutex
	given map[string]bool
}{given: map[string]bool{}}

const vkMostWarnings = 64

func vkWarn(text string) {
	vkWarnings.mu.Lock()
	defer vkWarnings.mu.Unlock()
	if !vkWarnings.given[text] && len(vkWarnings.given) < vkMostWarnings {
		vkWarnings.given[text] = true
		EnclosLog(vkLevelWarn, text)
	}
}

// vkBytes is the memory that an Iovec names.
func vkBytes(base *byte, size int) []byte { return unsafe.Slice(base, size) }
