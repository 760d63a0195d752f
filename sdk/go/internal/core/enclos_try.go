package core

import (
	"io"
	"syscall"
	"time"
)

// What a relayed stream needs to stand under a descriptor: nothing here waits.

// Notify names what is called when a try that gave EAGAIN, or took only a part, may go on. It must not call the stream.
func (s *EnclosStream) Notify(wake func()) {
	s.mu.Lock()
	s.notify = wake
	s.mu.Unlock()
}

// TryRead is Read, with EAGAIN where that would wait.
func (s *EnclosStream) TryRead(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return 0, EnclosErrClosed
	case s.at < len(s.data):
		n := copy(p, s.data[s.at:])
		s.at += n
		s.grant()
		return n, nil
	case s.broken:
		return 0, ecErrBroken
	case s.peerEnded:
		return 0, io.EOF
	}
	s.wantsRead = true
	return 0, syscall.EAGAIN
}

// TryWrite is Write of what there is room for, with EAGAIN where there is none.
func (s *EnclosStream) TryWrite(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := 0
	for {
		switch {
		case s.closed || s.ended:
			return sent, EnclosErrClosed
		case s.broken:
			return sent, ecErrBroken
		case sent == len(p):
			return sent, nil
		case s.room <= ecPiece:
			s.wantsWrite = true
			if sent == 0 {
				return 0, syscall.EAGAIN
			}
			return sent, nil
		}
		sent += s.sendPiece(p[sent:])
	}
}

// wakeReaders is called with the lock held.
func (s *EnclosStream) wakeReaders() {
	s.reads.Broadcast()
	if s.wantsRead && s.notify != nil {
		s.wantsRead = false
		s.notify()
	}
}

func (s *EnclosStream) wakeWriters() {
	s.writes.Broadcast()
	if s.wantsWrite && s.notify != nil {
		s.wantsWrite = false
		s.notify()
	}
}

// EnclosFlush waits, a moment at most, until what was said to the host has left: the process is about to end.
func EnclosFlush() {
	if ecCurrent != nil {
		ecCurrent.gate.out.flush(time.Second)
	}
}
