package core

import (
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// ecWindow is what of one stream and direction may be in transit or unread.
	ecWindow = 256 * 1024
	// ecPiece is what each piece counts for besides its bytes.
	ecPiece = 256
	// ecKeptBuffer is the most that a stream without unread bytes keeps for the next ones.
	ecKeptBuffer = 32 * 1024
)

// EnclosStream is a connection. The host can read, change and drop all of its bytes: end TLS inside.
//
// A relayed one (FD is -1) is read and written here. The socket of a passed one belongs to the caller, who reads and writes its
// descriptor; Close then tells the host that the connection is over, and closes the descriptor unless Detach took it.
type EnclosStream struct {
	id    uint32
	owner *ecStreams
	peer  string

	// Of a passed stream.
	fd       int
	detached bool
	over     func(read, written uint64)

	// Counted by the reader and the writer of the gate, which hold no lock of the stream: bytes sent and not taken by the
	// transport, and bytes that the host may send.
	unsent int64
	window int64

	writing sync.Mutex
	mu      sync.Mutex
	reads   sync.Cond
	writes  sync.Cond
	// data[at:] is unread; sizes are the pieces of which some byte is unread, oldest first, and pieceBytes their sum.
	data       []byte
	at         int
	sizes      []int32
	firstSize  int
	pieceBytes int
	// used is what was read and not granted again.
	used          int
	room          int
	peerEnded     bool
	peerClosed    bool
	ended         bool
	closed        bool
	broken        bool
	notify        func()
	wantsRead     bool
	wantsWrite    bool
	readDeadline  ecDeadline
	writeDeadline ecDeadline
}

func ecNewStream(owner *ecStreams, id uint32) *EnclosStream {
	s := &EnclosStream{owner: owner, id: id, fd: -1, room: ecWindow, window: ecWindow}
	s.reads.L = &s.mu
	s.writes.L = &s.mu
	s.readDeadline.cond = &s.reads
	s.writeDeadline.cond = &s.writes
	return s
}

// FD is the descriptor of a passed connection, or -1.
func (s *EnclosStream) FD() int { return s.fd }

// Detach leaves the descriptor to the caller, who closes it.
func (s *EnclosStream) Detach() int {
	s.mu.Lock()
	s.detached = true
	s.mu.Unlock()
	return s.fd
}

// Peer is the address of the peer: address, space, port. The host could lie: use it only for logs and for sharing out resources.
func (s *EnclosStream) Peer() string { return s.peer }

// Read reads what has arrived, and waits when there is nothing.
func (s *EnclosStream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return 0, EnclosErrClosed
		case s.readDeadline.passed():
			return 0, EnclosErrDeadline
		case len(p) == 0:
			return 0, nil
		case s.at < len(s.data):
			n := copy(p, s.data[s.at:])
			s.at += n
			s.grant()
			return n, nil
		case s.peerEnded:
			return 0, io.EOF
		case s.broken:
			return 0, ecErrBroken
		}
		s.reads.Wait()
	}
}

// grant lets the host send more, half a window at once. It is called after a read, with the lock held.
func (s *EnclosStream) grant() {
	unread := len(s.data) - s.at
	for s.firstSize < len(s.sizes) && s.pieceBytes-int(s.sizes[s.firstSize]) >= unread {
		size := int(s.sizes[s.firstSize])
		s.pieceBytes -= size
		s.used += ecPiece + size
		s.firstSize++
	}
	if s.firstSize == len(s.sizes) {
		s.sizes, s.firstSize = s.sizes[:0], 0
	}
	if unread == 0 {
		s.at = 0
		s.data = s.data[:0]
		if cap(s.data) > ecKeptBuffer {
			s.data = nil
		}
	}
	if s.peerEnded || s.used < ecWindow/2 {
		return
	}
	// A host that does not read has no grant, and so cannot pile them up: the window grows when the transport takes the frame.
	s.send(&ecFrame{kind: ecStreamCredit, id: s.id, parent: uint32(s.used)}, ecMark{stream: s, credit: int64(s.used)})
	s.used = 0
}

// Write sends all of p as the host grants room for it.
func (s *EnclosStream) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := 0
	for {
		switch {
		case s.closed || s.ended:
			return sent, EnclosErrClosed
		case s.broken:
			return sent, ecErrBroken
		case s.writeDeadline.passed():
			return sent, EnclosErrDeadline
		case sent == len(p):
			return sent, nil
		case s.room > ecPiece:
			sent += s.sendPiece(p[sent:])
			if sent == len(p) {
				return sent, nil
			}
			continue
		}
		s.writes.Wait()
	}
}

func (s *EnclosStream) sendPiece(p []byte) int {
	n := len(p)
	if n > ecMaxChunk {
		n = ecMaxChunk
	}
	if n > s.room-ecPiece {
		n = s.room - ecPiece
	}
	s.room -= ecPiece + n
	atomic.AddInt64(&s.unsent, int64(ecPiece+n))
	s.send(&ecFrame{kind: ecStreamData, id: s.id, payload: p[:n]}, ecMark{stream: s, unsent: int64(ecPiece + n)})
	return n
}

func (s *EnclosStream) send(f *ecFrame, mark ecMark) {
	if !s.closed {
		s.owner.gate.out.send(f, mark)
	}
}

// CloseWrite ends this direction: the peer reads to the end.
func (s *EnclosStream) CloseWrite() error {
	if s.fd >= 0 {
		return syscall.Shutdown(s.fd, syscall.SHUT_WR)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return EnclosErrClosed
	}
	s.end()
	return nil
}

func (s *EnclosStream) end() {
	if s.ended {
		return
	}
	s.ended = true
	s.send(&ecFrame{kind: ecStreamEnd, id: s.id}, ecMark{})
	s.wakeWriters()
}

// Close ends both directions. What was written before is still delivered; what was not read is dropped.
func (s *EnclosStream) Close() error { return s.shut(true) }

// Abort gives the stream up: what was written and not delivered may be dropped.
func (s *EnclosStream) Abort() error { return s.shut(false) }

func (s *EnclosStream) shut(inOrder bool) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return EnclosErrClosed
	}
	if s.fd >= 0 {
		s.closed = true
		detached := s.detached
		s.mu.Unlock()
		if !detached {
			_ = syscall.Close(s.fd)
		}
		s.over(0, 0)
		return nil
	}
	if inOrder && !s.broken {
		s.end()
	}
	s.giveUp()
	isForgotten := s.peerClosed
	s.mu.Unlock()
	if isForgotten {
		s.owner.forget(s.id)
	}
	return nil
}

// giveUp says that nothing of the stream is wanted any more.
func (s *EnclosStream) giveUp() {
	s.send(&ecFrame{kind: ecStreamClose, id: s.id}, ecMark{})
	s.closed = true
	s.dropUnread()
	s.readDeadline.stop()
	s.writeDeadline.stop()
	s.wakeReaders()
	s.wakeWriters()
}

func (s *EnclosStream) dropUnread() {
	s.data, s.at = nil, 0
	s.sizes, s.firstSize, s.pieceBytes = nil, 0, 0
}

// SetDeadline sets both deadlines. A zero time means none.
func (s *EnclosStream) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

// SetReadDeadline ends waiting reads at that time, and later ones at once.
func (s *EnclosStream) SetReadDeadline(t time.Time) error { return s.setDeadline(&s.readDeadline, t) }

// SetWriteDeadline ends waiting writes at that time, and later ones at once.
func (s *EnclosStream) SetWriteDeadline(t time.Time) error { return s.setDeadline(&s.writeDeadline, t) }

func (s *EnclosStream) setDeadline(d *ecDeadline, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return EnclosErrClosed
	}
	d.set(t)
	return nil
}

// received takes a frame of the host.
func (s *EnclosStream) received(f *ecFrame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peerClosed {
		return ecViolation("something of a stream that it has closed")
	}
	switch f.kind {
	case ecStreamData:
		return s.arrived(f.payload)
	case ecStreamCredit:
		return s.granted(int64(f.parent))
	case ecStreamEnd:
		if s.peerEnded {
			return ecViolation("a second end of a stream")
		}
		s.peerEnded = true
		s.wakeReaders()
		return nil
	}
	s.peerClosed = true
	if s.closed {
		s.owner.forget(s.id)
	} else if !s.peerEnded || !s.ended {
		s.broken = true
		// What came before an end was sent in full.
		if !s.peerEnded {
			s.dropUnread()
		}
		s.wakeReaders()
		s.wakeWriters()
	}
	return nil
}

func (s *EnclosStream) arrived(b []byte) error {
	if s.peerEnded {
		return ecViolation("bytes after the end of a stream")
	}
	if atomic.AddInt64(&s.window, -int64(ecPiece+len(b))) < 0 {
		return ecViolation("more bytes of a stream than were granted")
	}
	if s.closed {
		return nil
	}
	if s.at > 0 && len(s.data)+len(b) > cap(s.data) {
		s.data = s.data[:copy(s.data, s.data[s.at:])]
		s.at = 0
	}
	s.data = append(s.data, b...)
	if s.firstSize > ecWindow/ecPiece {
		s.sizes = s.sizes[:copy(s.sizes, s.sizes[s.firstSize:])]
		s.firstSize = 0
	}
	s.sizes = append(s.sizes, int32(len(b)))
	s.pieceBytes += len(b)
	s.wakeReaders()
	return nil
}

func (s *EnclosStream) granted(amount int64) error {
	room := int64(s.room) + amount
	if room > ecWindow-atomic.LoadInt64(&s.unsent) {
		return ecViolation("a grant for what was not sent")
	}
	s.room = int(room)
	s.wakeWriters()
	return nil
}

// lost: the gate has ended.
func (s *EnclosStream) lost() {
	s.mu.Lock()
	s.broken = true
	s.wakeReaders()
	s.wakeWriters()
	s.mu.Unlock()
}

// ecDeadline wakes those who wait at a time. Its timer is left alone when the deadline moves on, as it does with each request of
// a server, and looks again when it fires.
type ecDeadline struct {
	cond  *sync.Cond
	at    time.Time
	timer *time.Timer
	fires time.Time
}

// Every method is called with the lock of the stream held.
func (d *ecDeadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *ecDeadline) set(t time.Time) {
	d.at = t
	if t.IsZero() {
		return
	}
	if d.passed() {
		d.cond.Broadcast()
		return
	}
	if d.fires.IsZero() || t.Before(d.fires) {
		d.arm()
	}
}

func (d *ecDeadline) arm() {
	d.fires = d.at
	wait := time.Until(d.at)
	if d.timer != nil {
		d.timer.Reset(wait)
		return
	}
	d.timer = time.AfterFunc(wait, func() {
		d.cond.L.Lock()
		d.fires = time.Time{}
		if d.passed() {
			d.cond.Broadcast()
		} else if !d.at.IsZero() {
			d.arm()
		}
		d.cond.L.Unlock()
	})
}

func (d *ecDeadline) stop() {
	d.at = time.Time{}
	if d.timer != nil {
		d.timer.Stop()
	}
}
