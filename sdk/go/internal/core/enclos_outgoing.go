package core

import "time"

// ecCall is a call of ours. It stays in the table until the peer answers, even when its caller has been told that it was
// cancelled: only then is the id free again.
type ecCall struct {
	id        uint32
	table     uint8
	depth     int
	maxResult int
	frame     uint64
	parent    *EnclosCall
	nested    map[*EnclosCall]struct{}
	done      chan struct{}
	settled   bool
	result    []byte
	err       error
}

// ecRequest is how to call.
type ecRequest struct {
	table     uint8
	index     uint16
	payload   []byte
	timeoutMs uint32
	maxResult int
	parent    *EnclosCall
	// cancel ends the waiting when it is closed.
	cancel <-chan struct{}
}

// invoke calls a function of the peer and waits. The payload must not change before it returns.
func (e *ecEndpoint) invoke(r ecRequest) ([]byte, error) {
	call, err := e.begin(r)
	if err != nil {
		return nil, err
	}
	var late <-chan time.Time
	if r.timeoutMs > 0 {
		timer := time.NewTimer(time.Duration(r.timeoutMs) * time.Millisecond)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-call.done:
	case <-late:
		e.endCall(call, ecDeadlinePassed(r.timeoutMs))
	case <-r.cancel:
		e.endCall(call, ecCancelled())
	}
	<-call.done
	return call.result, call.err
}

func (e *ecEndpoint) begin(r ecRequest) (*ecCall, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost != nil {
		return nil, e.lost
	}
	depth := 1
	parent := uint32(0)
	if r.parent != nil {
		if r.parent.state == ecCallAnswered {
			return nil, ecParentOver()
		}
		if r.parent.depth >= e.limits.maxDepth {
			return nil, ecDepthExceeded(e.limits.maxDepth)
		}
		depth = r.parent.depth + 1
		parent = r.parent.id
	}
	most := e.limits.maxFrame - ecHeaderBytes
	if len(r.payload) > most {
		return nil, ecFail("GATE_FRAME_TOO_LARGE", "The arguments take "+ecItoa(int64(len(r.payload)))+" bytes, and at most "+
			ecItoa(int64(most))+" fit (limits.maxFrameBytes).")
	}
	if e.pending[r.table&1] >= e.limits.maxPending[r.table&1] {
		return nil, ecFail("GATE_BUSY", ecItoa(int64(e.pending[r.table&1]))+" calls are waiting for the peer, no more are allowed.")
	}
	call := &ecCall{id: e.takeID(), table: r.table & 1, depth: depth, maxResult: r.maxResult, parent: r.parent}
	call.done = make(chan struct{})
	if call.maxResult <= 0 || call.maxResult > most {
		call.maxResult = most
	}
	e.outgoing[call.id] = call
	e.pending[call.table]++
	if r.parent != nil {
		if r.parent.nested == nil {
			r.parent.nested = map[*ecCall]struct{}{}
		}
		r.parent.nested[call] = struct{}{}
	}
	call.frame = e.out.send(&ecFrame{kind: ecCallFrame, table: call.table, index: r.index, id: call.id, parent: parent,
		timeout: r.timeoutMs, payload: r.payload}, ecMark{})
	return call, nil
}

// takeID skips ids in use: after 2^31 calls the numbers repeat.
func (e *ecEndpoint) takeID() uint32 {
	for {
		id := e.nextID
		e.nextID += 2
		if e.nextID < 2 {
			e.nextID = e.firstID
		}
		if _, taken := e.outgoing[id]; !taken && id != 0 {
			return id
		}
	}
}

// endCall gives up a call, and tells the peer, unless it was settled meanwhile.
func (e *ecEndpoint) endCall(call *ecCall, err error) {
	e.mu.Lock()
	e.endCallLocked(call, err)
	e.mu.Unlock()
}

func (e *ecEndpoint) endCallLocked(call *ecCall, err error) {
	if call.settled {
		return
	}
	e.settle(call, nil, err)
	e.out.send(&ecFrame{kind: ecCancel, id: call.id}, ecMark{})
}

// settle gives a call its result. Calls that the peer nested in it end.
func (e *ecEndpoint) settle(call *ecCall, result []byte, err error) {
	if call.settled {
		return
	}
	call.settled = true
	call.result, call.err = result, err
	if call.parent != nil {
		delete(call.parent.nested, call)
	}
	nested := call.nested
	call.nested = nil
	for incoming := range nested {
		e.abort(incoming, ecParentOver())
	}
	close(call.done)
}

// checkResult refuses at its header a result that was not asked for.
func (e *ecEndpoint) checkResult(id uint32, size int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	call, err := e.awaited(id)
	if err != nil {
		return err
	}
	if size > call.maxResult {
		return ecViolation("a result of " + ecItoa(int64(size)) + " bytes, at most " + ecItoa(int64(call.maxResult)) + " were asked for")
	}
	return nil
}

func (e *ecEndpoint) awaited(id uint32) (*ecCall, error) {
	call, ok := e.outgoing[id]
	if !ok {
		return nil, ecViolation("an answer to a call that was not made")
	}
	// Otherwise a peer that guesses calls, and reads nothing, would let them pile up.
	if !e.out.hasTaken(call.frame) {
		return nil, ecViolation("an answer to a call that it cannot have read")
	}
	return call, nil
}

func (e *ecEndpoint) answered(f *ecFrame) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	call, err := e.awaited(f.id)
	if err != nil {
		return err
	}
	var thrown error
	if f.kind == ecThrow {
		if thrown, err = ecReadThrow(f.payload, e.options.accepted); err != nil {
			return err
		}
	}
	delete(e.outgoing, call.id)
	e.pending[call.table]--
	if thrown != nil {
		e.settle(call, nil, thrown)
	} else if !call.settled {
		e.settle(call, ecOwn(f), nil)
	}
	return nil
}

// ecOwn returns the payload of a frame in memory that stays.
func ecOwn(f *ecFrame) []byte {
	if f.owned {
		return f.payload
	}
	return append(make([]byte, 0, len(f.payload)), f.payload...)
}
