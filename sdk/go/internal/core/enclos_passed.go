package core

import (
	"sync"
	"syscall"
	"time"
)

// ecPassed are the connections whose sockets the host passes.
//
// While a listener is listened to, its open connections and the host's credit together are its share. The host gives itself a
// credit for each connection that ends, but none between a withdrawal and the next grant. Connections that it passed before it
// read a withdrawal still arrive, and nothing says when they are over. So what may arrive is counted from above, and a connection
// that a withdrawal made too many is closed, and the credit stated anew.
type ecPassed struct {
	notify func([]byte)
	// share is the most connections of each listener.
	share int

	mu        sync.Mutex
	listeners []*ecPassedListener
	// accepted are the host's numbers, connected ours of those that were asked for.
	accepted  map[uint32]bool
	connected map[uint32]*ecArrival
	// abandoned are numbers whose sockets may still come although the caller no longer waits, oldest first.
	abandoned []uint32
}

// ecPassedListener is a listener whose connections are passed.
type ecPassedListener struct {
	place uint8
	// arrival is signalled for each connection that waits.
	arrival sync.Cond
	queue   []*EnclosStream
	open    int
	// expected is how many connections may still arrive.
	expected  int
	listening bool
	// granted: the last word to the host was a grant, so each end is a credit.
	granted bool
}

// ecArrival is a socket that the host was asked for.
type ecArrival struct {
	came   chan struct{}
	stream *EnclosStream
}

func ecNewPassed(manifest *EnclosManifestInfo, notify func([]byte)) *ecPassed {
	p := &ecPassed{notify: notify, accepted: map[uint32]bool{}, connected: map[uint32]*ecArrival{}}
	p.listeners = make([]*ecPassedListener, len(manifest.Listen))
	count := 0
	for i, declared := range manifest.Listen {
		if ecMayBePassed(declared.Transport) {
			p.listeners[i] = &ecPassedListener{place: uint8(i)}
			p.listeners[i].arrival.L = &p.mu
			count++
		}
	}
	p.share = ecMaxStreams
	if count > 1 {
		p.share = ecMaxStreams / count
	}
	return p
}

// has tells whether a number that connect may get is in use. The caller holds the lock of the streams, never this one.
func (p *ecPassed) has(id uint32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.connected[id]; taken {
		return true
	}
	for _, old := range p.abandoned {
		if old == id {
			return true
		}
	}
	return false
}

// arrived takes a frame with its socket; fd is -1 for one that is gone already.
func (p *ecPassed) arrived(frame []byte, fd int) error {
	kind, listener, id, err := ecReadPassed(frame)
	if err == nil {
		p.mu.Lock()
		if kind == ecPassedConnected {
			p.connectedArrived(id, fd)
		} else {
			err = p.acceptedArrived(listener, id, fd)
		}
		p.mu.Unlock()
	}
	if err != nil && fd >= 0 {
		_ = syscall.Close(fd)
	}
	return err
}

func (p *ecPassed) acceptedArrived(listener uint8, id uint32, fd int) error {
	if int(listener) >= len(p.listeners) || p.listeners[listener] == nil || p.accepted[id] {
		return ecViolation("a connection that nothing listens for")
	}
	l := p.listeners[listener]
	if l.expected == 0 {
		return ecViolation("more connections than its credit")
	}
	l.expected--
	isTooMuch := !l.listening || l.open >= p.share
	p.accepted[id] = true
	l.open++
	if isTooMuch {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
		p.acceptedEnded(l, id, 0, 0)
		if l.granted {
			p.withdraw(l)
			p.offer(l)
		}
		return nil
	}
	if fd < 0 {
		p.acceptedEnded(l, id, 0, 0)
		return nil
	}
	l.queue = append(l.queue, p.streamOf(fd, func(read, written uint64) {
		p.mu.Lock()
		p.acceptedEnded(l, id, read, written)
		p.mu.Unlock()
	}))
	l.arrival.Signal()
	return nil
}

func (p *ecPassed) streamOf(fd int, over func(read, written uint64)) *EnclosStream {
	s := ecNewStream(nil, 0)
	s.fd = fd
	s.peer = ecPeerOf(fd)
	s.over = over
	return s
}

func (p *ecPassed) acceptedEnded(l *ecPassedListener, id uint32, read, written uint64) {
	delete(p.accepted, id)
	l.open--
	p.notify(ecPutNotice(nil, ecNoticeAcceptedEnded, 0, id, read, written))
	if l.granted {
		l.expected++
	} else {
		p.offer(l)
	}
}

// offer grants what is left of the share, unless ends do.
func (p *ecPassed) offer(l *ecPassedListener) {
	count := p.share - l.open
	if l.granted || !l.listening || count == 0 {
		return
	}
	l.granted = true
	l.expected += count
	p.notify(ecPutNotice(nil, ecNoticeGrant, l.place, uint32(count), 0, 0))
}

func (p *ecPassed) withdraw(l *ecPassedListener) {
	if !l.granted {
		return
	}
	l.granted = false
	p.notify(ecPutNotice(nil, ecNoticeWithdraw, l.place, 0, 0, 0))
}

func (p *ecPassed) accept(listener int, stop <-chan struct{}) (*EnclosStream, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.listeners[listener]
	if !l.listening {
		l.listening = true
		p.offer(l)
	}
	for {
		select {
		case <-stop:
			return nil, EnclosErrClosed
		default:
		}
		if len(l.queue) > 0 {
			s := l.queue[0]
			l.queue[0] = nil
			l.queue = l.queue[1:]
			return s, nil
		}
		l.arrival.Wait()
	}
}

func (p *ecPassed) unlisten(listener int) {
	p.mu.Lock()
	l := p.listeners[listener]
	queue := l.queue
	l.queue = nil
	if l.listening {
		l.listening = false
		p.withdraw(l)
	}
	l.arrival.Broadcast()
	p.mu.Unlock()
	for _, s := range queue {
		_ = s.Close()
	}
}

// connect asks for a connection and waits for its socket; answer and socket come in either order.
func (p *ecPassed) connect(t *ecStreams, destination int) (*EnclosStream, error) {
	arrival := &ecArrival{came: make(chan struct{})}
	t.mu.Lock()
	id := t.freeNumber()
	p.mu.Lock()
	if len(p.connected) >= ecMaxStreams {
		p.mu.Unlock()
		t.mu.Unlock()
		return nil, ecFail("STREAM_LIMIT", "The enclave has reached its limit of open streams.")
	}
	p.connected[id] = arrival
	p.mu.Unlock()
	t.mu.Unlock()
	err := t.askConnect(t.manifest.Connect[destination].Name, id, nil)
	if err == nil {
		timer := time.NewTimer(ecSocketPatience)
		select {
		case <-arrival.came:
		case <-timer.C:
			err = ecFail("STREAM_BROKEN", "The host said that it connected, and passed no connection.")
		}
		timer.Stop()
	}
	p.mu.Lock()
	s := arrival.stream
	if err != nil && s == nil {
		p.abandon(id)
	}
	p.mu.Unlock()
	if err != nil && s != nil {
		_ = s.Close()
	}
	if err == nil && s == nil {
		err = ecErrBroken
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (p *ecPassed) connectedArrived(id uint32, fd int) {
	arrival := p.connected[id]
	if arrival == nil || arrival.stream != nil {
		if fd >= 0 {
			_ = syscall.Close(fd)
		}
		for i, old := range p.abandoned {
			if old == id {
				// The host keeps no other number.
				p.abandoned = append(p.abandoned[:i], p.abandoned[i+1:]...)
				p.notify(ecPutNotice(nil, ecNoticeConnectedEnded, 0, id, 0, 0))
				break
			}
		}
		return
	}
	if fd < 0 {
		delete(p.connected, id)
		p.notify(ecPutNotice(nil, ecNoticeConnectedEnded, 0, id, 0, 0))
	} else {
		arrival.stream = p.streamOf(fd, func(read, written uint64) {
			p.mu.Lock()
			delete(p.connected, id)
			p.notify(ecPutNotice(nil, ecNoticeConnectedEnded, 0, id, read, written))
			p.mu.Unlock()
		})
	}
	close(arrival.came)
}

func (p *ecPassed) abandon(id uint32) {
	if _, waits := p.connected[id]; !waits {
		// It came, and was gone already.
		return
	}
	delete(p.connected, id)
	if len(p.abandoned) >= ecMaxStreams {
		p.abandoned = append(p.abandoned[:0], p.abandoned[1:]...)
	}
	p.abandoned = append(p.abandoned, id)
}
