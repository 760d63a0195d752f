package kernel

import (
	"io"
	"sync"
	"syscall"
)

// vkStream is one end of a connection that never blocks: of one in memory, or of one that the host relays.
type vkStream interface {
	// TryRead gives what is there, EAGAIN if nothing is, io.EOF after the end.
	TryRead(p []byte) (int, error)
	// TryWrite takes what there is room for, and EAGAIN if there is none.
	TryWrite(p []byte) (int, error)
	CloseWrite() error
	Close() error
	// Notify names the function to call when a try that gave EAGAIN, or took only a part, may go on.
	Notify(func())
}

// vkPipeBytes is what one direction of a connection in memory holds, as a socket of Linux does at first.
const vkPipeBytes = 208 * 1024

// vkPipe is one direction of a connection in memory.
type vkPipe struct {
	mu sync.Mutex
	// held is a ring: size bytes from start on.
	held        []byte
	start, size int
	ended       bool // no more is written
	broken      bool // no more is read
	reading     bool // a reader found nothing
	writing     bool // a writer found no room
	reader      func()
	writer      func()
}

func (p *vkPipe) read(into []byte) (int, error) {
	p.mu.Lock()
	if p.size == 0 {
		defer p.mu.Unlock()
		if p.ended {
			return 0, io.EOF
		}
		p.reading = true
		return 0, syscall.EAGAIN
	}
	n := 0
	for n < len(into) && p.size > 0 {
		end := min(p.start+p.size, len(p.held))
		piece := copy(into[n:], p.held[p.start:end])
		n += piece
		p.size -= piece
		p.start = (p.start + piece) % len(p.held)
	}
	wake := p.wakeWriter()
	p.mu.Unlock()
	wake()
	return n, nil
}

func (p *vkPipe) write(from []byte) (int, error) {
	p.mu.Lock()
	if p.broken || p.ended {
		p.mu.Unlock()
		return 0, syscall.EPIPE
	}
	n := min(len(from), vkPipeBytes-p.size)
	if n < len(from) {
		p.writing = true
	}
	if n == 0 && len(from) > 0 {
		p.mu.Unlock()
		return 0, syscall.EAGAIN
	}
	p.makeRoom(p.size + n)
	for part := from[:n]; len(part) > 0; {
		at := (p.start + p.size) % len(p.held)
		end := len(p.held)
		if at < p.start {
			end = p.start
		}
		piece := copy(p.held[at:end], part)
		part = part[piece:]
		p.size += piece
	}
	wake := p.wakeReader()
	p.mu.Unlock()
	wake()
	return n, nil
}

// makeRoom lets the ring hold size bytes.
func (p *vkPipe) makeRoom(size int) {
	if size <= len(p.held) {
		return
	}
	room := max(4096, len(p.held))
	for room < size {
		room *= 2
	}
	grown := make([]byte, min(room, vkPipeBytes))
	n := copy(grown, p.held[p.start:min(p.start+p.size, len(p.held))])
	copy(grown[n:], p.held[:p.size-n])
	p.held, p.start = grown, 0
}

func (p *vkPipe) end() {
	p.mu.Lock()
	p.ended = true
	p.reading = true
	wake := p.wakeReader()
	p.mu.Unlock()
	wake()
}

// stop is the end of the reader: what was not read is gone.
func (p *vkPipe) stop() {
	p.mu.Lock()
	p.broken, p.ended = true, true
	p.held, p.start, p.size = nil, 0, 0
	p.writing = true
	wake := p.wakeWriter()
	p.mu.Unlock()
	wake()
}

func vkNothing() {}

func (p *vkPipe) wakeReader() func() {
	if !p.reading || p.reader == nil {
		return vkNothing
	}
	p.reading = false
	return p.reader
}

func (p *vkPipe) wakeWriter() func() {
	if !p.writing || p.writer == nil {
		return vkNothing
	}
	p.writing = false
	return p.writer
}

// vkEnd is one end of a connection in memory. A pipe has only one of the two directions.
type vkEnd struct {
	in, out *vkPipe
}

// vkPair makes a connection in memory.
func vkPair() (*vkEnd, *vkEnd) {
	there, back := new(vkPipe), new(vkPipe)
	return &vkEnd{in: back, out: there}, &vkEnd{in: there, out: back}
}

func (e *vkEnd) TryRead(p []byte) (int, error) {
	if e.in == nil {
		return 0, syscall.EBADF
	}
	return e.in.read(p)
}

func (e *vkEnd) TryWrite(p []byte) (int, error) {
	if e.out == nil {
		return 0, syscall.EBADF
	}
	return e.out.write(p)
}

func (e *vkEnd) CloseWrite() error {
	if e.out != nil {
		e.out.end()
	}
	return nil
}

func (e *vkEnd) Close() error {
	if e.in != nil {
		e.in.stop()
	}
	return e.CloseWrite()
}

func (e *vkEnd) Notify(wake func()) {
	if e.in != nil {
		e.in.mu.Lock()
		e.in.reader = wake
		e.in.mu.Unlock()
	}
	if e.out != nil {
		e.out.mu.Lock()
		e.out.writer = wake
		e.out.mu.Unlock()
	}
}
