package core

import "time"

const (
	ecCallQueued   = 0
	ecCallRunning  = 1
	ecCallAnswered = 2
)

// EnclosCall is a call of the peer, as its handler sees it.
type EnclosCall struct {
	// Table is 0 for functions of the application, 1 for system functions.
	Table uint8
	// Index is the place of the function in the interface.
	Index uint16
	// Payload is the encoded arguments. They stay valid, and no other code changes them.
	Payload []byte

	endpoint *ecEndpoint
	id       uint32
	depth    int
	state    int
	parent   *ecCall
	nested   map[*ecCall]struct{}
	timer    *time.Timer
	done     chan struct{}
	aborted  bool
	// answered is called after its answer was sent.
	answered func()
	// The links of the queue that the call is in.
	previous, next *EnclosCall
}

// Done is closed when the caller no longer waits: it cancelled, its deadline passed, or the gate closed.
func (c *EnclosCall) Done() <-chan struct{} {
	c.endpoint.mu.Lock()
	defer c.endpoint.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.aborted {
			close(c.done)
		}
	}
	return c.done
}

// Invoke calls a function of the peer as part of this call, under its slot. A timeout of 0 means none; maxResult of 0 means the
// size of a frame.
func (c *EnclosCall) Invoke(table uint8, index uint16, payload []byte, timeoutMs uint32, maxResult int) ([]byte, error) {
	return c.endpoint.invoke(ecRequest{table: table, index: index, payload: payload, timeoutMs: timeoutMs, maxResult: maxResult,
		parent: c, cancel: c.Done()})
}

// ecLane is the slots of one depth of nesting and one table. A call waits only for calls that are nested in it, so for deeper
// ones: because each depth has its own slots, the deepest calls always finish, and by induction all others.
type ecLane struct {
	slots       int
	running     int
	first, last *EnclosCall
}

func (l *ecLane) push(call *EnclosCall) {
	call.previous = l.last
	if l.last == nil {
		l.first = call
	} else {
		l.last.next = call
	}
	l.last = call
}

func (l *ecLane) remove(call *EnclosCall) {
	if call.previous == nil {
		l.first = call.next
	} else {
		call.previous.next = call.next
	}
	if call.next == nil {
		l.last = call.previous
	} else {
		call.next.previous = call.previous
	}
	call.previous, call.next = nil, nil
}

func (e *ecEndpoint) laneOf(depth int, table uint8) *ecLane {
	return &e.lanes[2*(depth-1)+int(table)]
}

// called takes a CALL frame.
func (e *ecEndpoint) called(f *ecFrame) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, taken := e.incoming[f.id]; taken {
		return ecViolation("a call with the id of another one")
	}
	depth := 1
	var parent *ecCall
	if f.parent != 0 {
		if parent = e.outgoing[f.parent]; parent == nil {
			return ecViolation("a call nested in one that was not made")
		}
		// Not a violation: our CANCEL and this call may have crossed.
		if parent.settled {
			e.refuse(f.id, ecParentOver())
			return nil
		}
		depth = parent.depth + 1
	}
	if depth > e.limits.maxDepth {
		e.refuse(f.id, ecDepthExceeded(e.limits.maxDepth))
		return nil
	}
	lane := e.laneOf(depth, f.table)
	isFull := lane.running >= lane.slots
	if isFull && (e.queued >= e.limits.maxQueued || e.queuedBytes+len(f.payload) > e.limits.maxQueuedBytes) {
		e.refuse(f.id, ecFail("GATE_BUSY", "Too many calls are waiting."))
		return nil
	}
	call := &EnclosCall{Table: f.table, Index: f.index, Payload: ecOwn(f), endpoint: e, id: f.id, depth: depth, parent: parent}
	e.incoming[call.id] = call
	if parent != nil {
		if parent.nested == nil {
			parent.nested = map[*EnclosCall]struct{}{}
		}
		parent.nested[call] = struct{}{}
	}
	if f.timeout > 0 {
		timeout := f.timeout
		if timeout > 0x7fffffff {
			timeout = 0x7fffffff
		}
		call.timer = time.AfterFunc(time.Duration(timeout)*time.Millisecond, func() {
			e.mu.Lock()
			e.abort(call, ecDeadlinePassed(timeout))
			e.mu.Unlock()
		})
	}
	if isFull {
		lane.push(call)
		e.queued++
		e.queuedBytes += len(call.Payload)
	} else {
		e.startCall(lane, call)
	}
	return nil
}

// cancelled: the caller no longer waits. The answer to an unknown id is already in transit.
func (e *ecEndpoint) cancelled(id uint32) {
	e.mu.Lock()
	if call, ok := e.incoming[id]; ok {
		e.abort(call, ecCancelled())
	}
	e.mu.Unlock()
}

// abort answers a call before its handler does.
func (e *ecEndpoint) abort(call *EnclosCall, err error) {
	if call.state == ecCallAnswered {
		return
	}
	if call.state == ecCallQueued {
		e.laneOf(call.depth, call.Table).remove(call)
		e.queued--
		e.queuedBytes -= len(call.Payload)
	}
	e.closeCall(call)
	if e.lost == nil {
		e.refuse(call.id, err)
	}
	call.aborted = true
	if call.done != nil {
		close(call.done)
	}
}

func (e *ecEndpoint) startCall(lane *ecLane, call *EnclosCall) {
	call.state = ecCallRunning
	lane.running++
	go e.runCall(lane, call)
}

func (e *ecEndpoint) runCall(lane *ecLane, call *EnclosCall) {
	result, err := e.dispatch(call)
	most := e.limits.maxFrame - ecHeaderBytes
	if err == nil && len(result) > most {
		err = ecFail("GATE_FRAME_TOO_LARGE", "The result takes "+ecItoa(int64(len(result)))+" bytes, and at most "+
			ecItoa(int64(most))+" fit (limits.maxFrameBytes).")
	}
	answer := ecFrame{kind: ecReturn, id: call.id, payload: result}
	if err != nil {
		answer.kind = ecThrow
		answer.payload = ecThrowPayload(e.options.describe(err))
	}
	e.mu.Lock()
	if call.state == ecCallAnswered {
		e.releaseLocked(lane)
	} else {
		e.closeCall(call)
		// The slot is released when the transport takes the answer, which bounds the waiting answers.
		e.out.send(&answer, ecMark{lane: lane})
	}
	e.mu.Unlock()
	if call.answered != nil {
		call.answered()
	}
}

// ecPanic is a panic of a handler.
type ecPanic struct{ value interface{} }

func (p *ecPanic) Error() string {
	switch value := p.value.(type) {
	case error:
		return "panic: " + value.Error()
	case string:
		return "panic: " + value
	}
	return "panic"
}

func (e *ecEndpoint) dispatch(call *EnclosCall) (result []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			result, err = nil, &ecPanic{value}
		}
	}()
	return e.options.dispatch(call)
}

// closeCall: no call may be nested in it any more, and the peer may use its id again.
func (e *ecEndpoint) closeCall(call *EnclosCall) {
	call.state = ecCallAnswered
	delete(e.incoming, call.id)
	if call.timer != nil {
		call.timer.Stop()
	}
	if call.parent != nil {
		delete(call.parent.nested, call)
	}
	nested := call.nested
	call.nested = nil
	for outgoing := range nested {
		e.endCallLocked(outgoing, ecParentOver())
	}
}

func (e *ecEndpoint) release(lane *ecLane) {
	e.mu.Lock()
	e.releaseLocked(lane)
	e.mu.Unlock()
}

func (e *ecEndpoint) releaseLocked(lane *ecLane) {
	lane.running--
	for lane.running < lane.slots && lane.first != nil && e.lost == nil {
		call := lane.first
		lane.remove(call)
		e.queued--
		e.queuedBytes -= len(call.Payload)
		e.startCall(lane, call)
	}
}

func (e *ecEndpoint) refuse(id uint32, err error) {
	code, message := "GATE_REMOTE_ERROR", "The function failed."
	if known, ok := err.(*EnclosError); ok {
		code, message = known.Code, known.Message
	}
	e.out.refuse(&ecFrame{kind: ecThrow, id: id, payload: ecThrowPayload(code, message)})
}
