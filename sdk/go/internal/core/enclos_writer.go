package core

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// ecLargePayload bytes and more are not copied into a batch.
	ecLargePayload = 256 * 1024
	// ecSpareBytes is the most that an idle writer keeps for the next batch.
	ecSpareBytes = 256 * 1024
	// ecLogRoom is how much may wait when a log line is still taken.
	ecLogRoom = 65536
	// ecRefusalsHigh is the backlog of refusals at which reading stops. Everything else that waits is bounded by the limits of
	// calls and by credits; refusals grow with what the peer sends.
	ecRefusalsHigh = 1 << 20
)

// ecMark is what happens once the transport has begun to take a frame, so that the peer may know of it.
type ecMark struct {
	stream *EnclosStream
	unsent int64
	credit int64
	lane   *ecLane
}

// ecWriter gathers frames, and one goroutine writes them: while it writes, or waits for its turn to run, frames collect.
type ecWriter struct {
	fd       int
	failed   func(error)
	released func(*ecLane)

	mu      sync.Mutex
	wake    sync.Cond
	written sync.Cond
	// waiters of written.
	waiters int
	// sealed comes before open.
	sealed   [][]byte
	open     []byte
	spare    []byte
	marks    []ecMark
	queued   int
	refusals int
	// frames counts those appended, taken those that the transport has begun to take.
	frames  uint64
	taken   uint64
	done    uint64
	asleep  bool
	held    bool
	stopped bool
}

func (w *ecWriter) init(fd int) {
	w.fd = fd
	w.wake.L = &w.mu
	w.written.L = &w.mu
	w.held = true
}

// send appends a frame and returns its number, for hasTaken.
func (w *ecWriter) send(f *ecFrame, mark ecMark) uint64 {
	w.mu.Lock()
	number := w.append(f, mark)
	w.mu.Unlock()
	return number
}

// refuse appends a frame that the peer provoked and that no limit bounds.
func (w *ecWriter) refuse(f *ecFrame) {
	w.mu.Lock()
	w.append(f, ecMark{})
	w.refusals += ecHeaderBytes + len(f.payload)
	w.mu.Unlock()
}

// log appends a log line, unless much is waiting, and waits a moment for it: a program that ends just after it has written a
// line would otherwise lose it.
func (w *ecWriter) log(f *ecFrame, patience time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.queued > ecLogRoom {
		return
	}
	number := w.append(f, ecMark{})
	if !w.held && patience > 0 {
		w.waitFor(func() bool { return w.done >= number }, patience)
	}
}

// flush waits until everything that was appended has been written.
func (w *ecWriter) flush(patience time.Duration) {
	w.mu.Lock()
	number := w.frames
	w.waitFor(func() bool { return w.done >= number }, patience)
	w.mu.Unlock()
}

// throttle waits while too many refusals wait. The reader calls it.
func (w *ecWriter) throttle() {
	w.mu.Lock()
	if w.refusals > ecRefusalsHigh {
		w.waiters++
		for w.refusals > ecRefusalsHigh/2 && !w.stopped {
			w.written.Wait()
		}
		w.waiters--
	}
	w.mu.Unlock()
}

// waitFor is called with the lock held.
func (w *ecWriter) waitFor(isOver func() bool, patience time.Duration) {
	if isOver() || w.stopped {
		return
	}
	late := false
	timer := time.AfterFunc(patience, func() {
		w.mu.Lock()
		late = true
		w.written.Broadcast()
		w.mu.Unlock()
	})
	w.waiters++
	for !isOver() && !late && !w.stopped {
		w.written.Wait()
	}
	w.waiters--
	timer.Stop()
}

func (w *ecWriter) hasTaken(frame uint64) bool {
	w.mu.Lock()
	taken := frame <= w.taken
	w.mu.Unlock()
	return taken
}

// release lets frames go that were held until the peer has greeted.
func (w *ecWriter) release() {
	w.mu.Lock()
	w.held = false
	w.wake.Signal()
	w.mu.Unlock()
}

// stop drops what waits.
func (w *ecWriter) stop() {
	w.mu.Lock()
	w.stopped = true
	w.sealed, w.open, w.marks = nil, nil, nil
	w.wake.Broadcast()
	w.written.Broadcast()
	w.mu.Unlock()
}

// append is called with the lock held.
func (w *ecWriter) append(f *ecFrame, mark ecMark) uint64 {
	if w.stopped {
		return 0
	}
	if w.open == nil {
		w.open, w.spare = w.spare, nil
	}
	w.open = ecPutHeader(w.open, f, len(f.payload))
	if len(f.payload) >= ecLargePayload {
		w.sealed = append(w.sealed, w.open, f.payload)
		w.open = nil
	} else {
		w.open = append(w.open, f.payload...)
	}
	w.queued += ecHeaderBytes + len(f.payload)
	w.frames++
	if mark != (ecMark{}) {
		w.marks = append(w.marks, mark)
	}
	if w.asleep && !w.held {
		w.asleep = false
		w.wake.Signal()
	}
	return w.frames
}

// run writes until the writer is stopped.
func (w *ecWriter) run() {
	var marks []ecMark
	var batch [][]byte
	for {
		w.mu.Lock()
		for (w.queued == 0 || w.held) && !w.stopped {
			w.asleep = true
			w.wake.Wait()
		}
		w.asleep = false
		w.mu.Unlock()
		// What else is ready to run may have more to send.
		runtime.Gosched()
		w.mu.Lock()
		if w.stopped {
			w.mu.Unlock()
			return
		}
		batch = append(batch[:0], w.sealed...)
		if len(w.open) > 0 {
			batch = append(batch, w.open)
		}
		for i := range w.sealed {
			w.sealed[i] = nil
		}
		w.sealed, w.open = w.sealed[:0], nil
		marks, w.marks = w.marks, marks[:0]
		w.taken = w.frames
		w.queued = 0
		w.refusals = 0
		number := w.frames
		w.mu.Unlock()
		// Before the bytes leave, so that no answer to them can come too early.
		w.applyMarks(marks)
		for _, piece := range batch {
			if err := ecWriteAll(w.fd, piece); err != nil {
				w.stop()
				// The reader learns why: perhaps a goodbye is on its way.
				time.AfterFunc(ecCloseWait, func() { w.failed(err) })
				return
			}
		}
		w.mu.Lock()
		w.done = number
		last := batch[len(batch)-1]
		if w.spare == nil && cap(last) <= ecSpareBytes && len(last) < ecLargePayload {
			w.spare = last[:0]
		}
		if w.waiters > 0 {
			w.written.Broadcast()
		}
		w.mu.Unlock()
		for i := range batch {
			batch[i] = nil
		}
	}
}

func (w *ecWriter) applyMarks(marks []ecMark) {
	for i := range marks {
		mark := &marks[i]
		if mark.stream != nil {
			atomic.AddInt64(&mark.stream.unsent, -mark.unsent)
			atomic.AddInt64(&mark.stream.window, mark.credit)
		}
		if mark.lane != nil {
			w.released(mark.lane)
		}
		*mark = ecMark{}
	}
}

// ecRead reads some bytes; 0 is the end.
func ecRead(fd int, b []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, b)
		if err == nil || !ecAgain(fd, err) {
			return n, err
		}
	}
}

func ecWriteAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		if err != nil && !ecAgain(fd, err) {
			return err
		}
		if n > 0 {
			b = b[n:]
		}
	}
	return nil
}

// ecAgain tells whether to repeat a call. The descriptors are made to block; whoever made them may have them share the flag with
// another process, which must not make this one spin.
func ecAgain(fd int, err error) bool {
	if err == syscall.EINTR {
		return true
	}
	if err != syscall.EAGAIN {
		return false
	}
	_ = syscall.SetNonblock(fd, false)
	time.Sleep(time.Millisecond)
	return true
}
