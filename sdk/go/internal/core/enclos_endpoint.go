package core

import (
	"io"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ecLimits is what this side of a gate grants the other: see GateLimits of @enclos/gate. Index 0 of a pair is for the
// application, 1 for system functions.
type ecLimits struct {
	maxFrame       int
	maxConcurrent  [2]int
	maxQueued      int
	maxQueuedBytes int
	maxPending     [2]int
	maxDepth       int
	hello          time.Duration
	frame          time.Duration
	close          time.Duration
}

type ecOptions struct {
	fd int
	// One of the two sides is the initiator; its call ids are odd.
	initiator bool
	hello     []byte
	// acceptHello refuses the greeting of the peer with an error.
	acceptHello func([]byte) error
	limits      ecLimits
	dispatch    func(*EnclosCall) ([]byte, error)
	// describe gives the part of a handler's error that may cross.
	describe func(error) (code, message string)
	// accepted are the codes that the peer may raise here.
	accepted   func(code string) bool
	maxPayload func(table uint8, index uint16) int
	lostCode   string
	onStream   func(*ecFrame) error
	onLog      func(level int, text string)
}

const (
	ecGreeting = 0
	ecOpen     = 1
	ecClosing  = 2
	ecClosed   = 3
)

// ecEndpoint is one side of a gate. Both sides run by the same rules, and neither trusts the other.
type ecEndpoint struct {
	options ecOptions
	limits  ecLimits
	out     ecWriter
	in      ecDecoder
	// ready is closed when the peer has greeted or the gate has ended before; closed when it has ended.
	ready  chan struct{}
	closed chan struct{}
	// using counts what uses the descriptor: whoever closes it waits first, since its number becomes another's.
	using sync.WaitGroup

	mu       sync.Mutex
	state    int
	firstID  uint32
	nextID   uint32
	outgoing map[uint32]*ecCall
	pending  [2]int
	incoming map[uint32]*EnclosCall
	lanes    []ecLane
	// What waits for a slot.
	queued      int
	queuedBytes int
	// lost is what later calls get once the gate has ended.
	lost error
	// reason is why it ended; nil for an orderly end.
	reason error

	// Only the reader uses these.
	timedFrame uint64
	frameTimer *time.Timer
}

func ecNewEndpoint(options ecOptions) *ecEndpoint {
	e := &ecEndpoint{options: options, limits: options.limits, firstID: 2, ready: make(chan struct{}), closed: make(chan struct{})}
	if options.initiator {
		e.firstID = 1
	}
	e.nextID = e.firstID
	e.outgoing = map[uint32]*ecCall{}
	e.incoming = map[uint32]*EnclosCall{}
	e.lanes = make([]ecLane, 2*e.limits.maxDepth)
	for i := range e.lanes {
		e.lanes[i].slots = e.limits.maxConcurrent[i&1]
	}
	e.in.max = e.limits.maxFrame
	e.in.check = e.header
	e.out.init(options.fd)
	e.out.failed = e.fail
	e.out.released = e.release
	return e
}

// start greets, and begins to read.
func (e *ecEndpoint) start() {
	hello := ecPutHeader(nil, &ecFrame{kind: ecHello}, len(e.options.hello))
	if err := ecWriteAll(e.options.fd, append(hello, e.options.hello...)); err != nil {
		e.fail(err)
		return
	}
	if e.limits.hello > 0 {
		timer := time.AfterFunc(e.limits.hello, func() {
			if e.isGreeting() {
				e.fail(ecFail("GATE_HELLO_TIMEOUT", "The peer did not greet in time."))
			}
		})
		go func() {
			<-e.ready
			timer.Stop()
		}()
	}
	e.using.Add(2)
	go func() {
		defer e.using.Done()
		e.out.run()
	}()
	go func() {
		defer e.using.Done()
		e.read()
	}()
}

func (e *ecEndpoint) isGreeting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == ecGreeting
}

func (e *ecEndpoint) read() {
	buffer := make([]byte, 65536)
	each := e.frame
	for {
		room := e.in.room()
		isOurs := room == nil
		if isOurs {
			room = buffer
		}
		n, err := ecRead(e.options.fd, room)
		if err != nil || n == 0 {
			if err == nil {
				err = io.EOF
			}
			e.endedBy(err)
			return
		}
		select {
		case <-e.closed:
			return
		default:
		}
		if isOurs {
			err = e.in.feed(room[:n], each)
		} else {
			err = e.in.took(n, each)
		}
		if err != nil {
			e.fail(err)
			return
		}
		e.timeFrame()
		e.out.throttle()
		// A read keeps its processor until the runtime notices that it waits: let what the frames woke run first.
		runtime.Gosched()
	}
}

// timeFrame limits the time that a frame may take.
func (e *ecEndpoint) timeFrame() {
	frame := e.in.unfinished()
	if frame == e.timedFrame || e.limits.frame <= 0 {
		return
	}
	if e.frameTimer != nil {
		e.frameTimer.Stop()
	}
	e.timedFrame = frame
	if frame == 0 {
		return
	}
	e.frameTimer = time.AfterFunc(e.limits.frame, func() {
		e.fail(ecFail("GATE_FRAME_TIMEOUT", "A frame was not finished in time."))
	})
}

// header refuses what can be refused before the payload has arrived.
func (e *ecEndpoint) header(f *ecFrame, size int) error {
	if f.kind == ecStreamData || f.kind == ecStreamCredit {
		// Most frames of a gate that carries connections; `ready` tells without the lock.
		select {
		case <-e.ready:
			return nil
		default:
		}
	}
	if f.kind != ecHello && e.isGreeting() {
		return ecViolation("something before its greeting")
	}
	switch f.kind {
	case ecReturn:
		return e.checkResult(f.id, size)
	case ecCallFrame:
		if most := e.options.maxPayload(f.table, f.index); size > most {
			return ecViolation("arguments of " + ecItoa(int64(size)) + " bytes, at most " + ecItoa(int64(most)) + " are possible")
		}
	}
	return nil
}

func (e *ecEndpoint) frame(f *ecFrame) error {
	switch f.kind {
	case ecHello:
		return e.greeted(f)
	case ecCallFrame:
		if err := e.checkPeerID(f.id); err != nil {
			return err
		}
		return e.called(f)
	case ecReturn, ecThrow:
		return e.answered(f)
	case ecCancel:
		if err := e.checkPeerID(f.id); err != nil {
			return err
		}
		e.cancelled(f.id)
		return nil
	case ecLogFrame:
		text, err := ecSafeLine(f.payload)
		if err == nil && e.options.onLog != nil {
			e.options.onLog(int(f.index), text)
		}
		return err
	case ecGoodbye:
		e.finish(nil, true)
		return nil
	}
	if e.options.onStream == nil {
		return ecViolation("a frame of a stream, where there are none")
	}
	return e.options.onStream(f)
}

func (e *ecEndpoint) greeted(f *ecFrame) error {
	if !e.isGreeting() {
		return ecViolation("a second greeting")
	}
	if err := e.options.acceptHello(f.payload); err != nil {
		return err
	}
	e.mu.Lock()
	isOpen := e.state == ecGreeting
	if isOpen {
		e.state = ecOpen
		close(e.ready)
	}
	e.mu.Unlock()
	if isOpen {
		e.out.release()
	}
	return nil
}

func (e *ecEndpoint) checkPeerID(id uint32) error {
	if (id%2 == 1) == e.options.initiator {
		return ecViolation("a call id that is not its own")
	}
	return nil
}

// waitReady waits for the greeting of the peer.
func (e *ecEndpoint) waitReady() error {
	<-e.ready
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

// sayGoodbye ends the gate after everything that waits was sent.
func (e *ecEndpoint) sayGoodbye() {
	e.out.send(&ecFrame{kind: ecGoodbye}, ecMark{})
	e.out.flush(e.limits.close)
	e.finish(nil, true)
}

func (e *ecEndpoint) endedBy(err error) { e.finish(err, false) }

func (e *ecEndpoint) fail(err error) { e.finish(err, false) }

// finish ends the gate: with what broke it, or in order.
func (e *ecEndpoint) finish(reason error, orderly bool) {
	e.mu.Lock()
	if e.state == ecClosed {
		e.mu.Unlock()
		return
	}
	wasGreeting := e.state == ecGreeting
	e.state = ecClosed
	if !orderly {
		e.reason = reason
	}
	e.lost = ecFail(e.options.lostCode, "")
	if known, ok := reason.(*EnclosError); ok && wasGreeting {
		e.lost = known
	}
	for id, call := range e.outgoing {
		delete(e.outgoing, id)
		call.nested = nil
		e.settle(call, nil, e.lost)
	}
	for _, call := range e.incoming {
		e.abort(call, e.lost)
	}
	if wasGreeting {
		close(e.ready)
	}
	e.mu.Unlock()
	e.out.stop()
	// Ends a read that waits. Inside an enclave the process ends anyway, and the call may be refused there.
	_ = syscall.Shutdown(e.options.fd, syscall.SHUT_RDWR)
	close(e.closed)
}
