package core

import (
	"sync"
	"time"
)

// ecMaxStreams is the most streams that an enclave may have at once, including pending ones.
const ecMaxStreams = 256

// ecSocketPatience is how long a socket may take that the host says it has passed.
const ecSocketPatience = 10 * time.Second

// ecStreams are the connections of this enclave: each listener and destination has the transport that manifest and platform give
// it.
type ecStreams struct {
	gate     *ecEndpoint
	manifest *EnclosManifestInfo
	passed   *ecPassed

	mu    sync.Mutex
	space sync.Cond
	ports map[uint32]*EnclosStream
	last  uint32
	// stops end the waiting of each listener, by its place.
	stops map[int]chan struct{}
}

func ecNewStreams(gate *ecEndpoint, manifest *EnclosManifestInfo, passed *ecPassed) *ecStreams {
	t := &ecStreams{gate: gate, manifest: manifest, passed: passed, ports: map[uint32]*EnclosStream{}}
	t.space.L = &t.mu
	t.stops = map[int]chan struct{}{}
	return t
}

// received takes a frame of a stream.
func (t *ecStreams) received(f *ecFrame) error {
	t.mu.Lock()
	s := t.ports[f.id]
	t.mu.Unlock()
	if s == nil {
		return ecViolation("something of a stream that is not open")
	}
	return s.received(f)
}

func (t *ecStreams) forget(id uint32) {
	t.mu.Lock()
	delete(t.ports, id)
	t.space.Signal()
	t.mu.Unlock()
}

// lost: the gate has ended.
func (t *ecStreams) lost() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.ports {
		// Not while the lock is held that `forget` takes.
		go s.lost()
	}
	t.space.Broadcast()
}

// freeNumber is a number that no stream has. Both kinds take from the same numbers, because the host may keep them in one table.
func (t *ecStreams) freeNumber() uint32 {
	for {
		t.last++
		if t.last == 0 {
			continue
		}
		if _, taken := t.ports[t.last]; !taken && (t.passed == nil || !t.passed.has(t.last)) {
			return t.last
		}
	}
}

// open makes the port of a new stream before the host is asked for it.
func (t *ecStreams) open(waits bool, stop <-chan struct{}) (*EnclosStream, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.ports) >= ecMaxStreams {
		if !waits {
			return nil, ecFail("STREAM_LIMIT", "The enclave has reached its limit of open streams.")
		}
		select {
		case <-stop:
			return nil, EnclosErrClosed
		case <-t.gate.closed:
			return nil, t.gate.lostError()
		default:
		}
		t.space.Wait()
	}
	s := ecNewStream(t, t.freeNumber())
	t.ports[s.id] = s
	return s, nil
}

// accept asks the host for the next connection of a listener.
func (t *ecStreams) accept(listener int, stop <-chan struct{}) (*EnclosStream, error) {
	for {
		s, err := t.open(true, stop)
		if err != nil {
			return nil, err
		}
		request := ecPutText(nil, t.listenerName(listener))
		answer, err := t.gate.invoke(ecRequest{table: 1, index: ecStreamAccept, payload: ecPut32(request, s.id), maxResult: 258,
			cancel: stop})
		if err == nil {
			r := ecReader{b: answer}
			s.peer = r.text(0, 256)
			err = r.end()
		}
		if err != nil {
			// The host may be opening it.
			_ = s.Abort()
			select {
			case <-stop:
				return nil, EnclosErrClosed
			default:
				return nil, err
			}
		}
		if !s.isBroken() {
			return s, nil
		}
		_ = s.Abort()
	}
}

func (t *ecStreams) connect(destination int) (*EnclosStream, error) {
	name := t.manifest.Connect[destination].Name
	return t.connectBy(func(id uint32) error { return t.askConnect(name, id, nil) })
}

// connectBy opens a stream, and has the host connect it.
func (t *ecStreams) connectBy(ask func(id uint32) error) (*EnclosStream, error) {
	s, err := t.open(false, nil)
	if err != nil {
		return nil, err
	}
	if err := ask(s.id); err != nil {
		_ = s.Abort()
		return nil, err
	}
	if s.isBroken() {
		_ = s.Abort()
		return nil, ecErrBroken
	}
	return s, nil
}

// askConnect asks for a destination by its name, or by host, space, port where the manifest lets the host connect anywhere.
func (t *ecStreams) askConnect(destination string, id uint32, stop <-chan struct{}) error {
	request := ecPut32(ecPutText(nil, destination), id)
	answer, err := t.gate.invoke(ecRequest{table: 1, index: ecStreamConnect, payload: request, maxResult: 1, cancel: stop})
	if err != nil {
		return err
	}
	return (&ecReader{b: answer}).end()
}

func (s *EnclosStream) isBroken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// stopOf is closed when the listener is closed the next time.
func (t *ecStreams) stopOf(listener int) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	stop := t.stops[listener]
	if stop == nil {
		stop = make(chan struct{})
		t.stops[listener] = stop
	}
	return stop
}

func (t *ecStreams) unlisten(listener int) {
	t.mu.Lock()
	if stop := t.stops[listener]; stop != nil {
		close(stop)
		delete(t.stops, listener)
	}
	t.space.Broadcast()
	t.mu.Unlock()
	if t.isPassed(listener) {
		t.passed.unlisten(listener)
	}
}

// isPassed tells whether the connections of a listener are passed here.
func (t *ecStreams) isPassed(listener int) bool {
	return t.passed != nil && listener >= 0 && listener < len(t.passed.listeners) && t.passed.listeners[listener] != nil
}

// EnclosAnyPort and the number of a port are the place of a listener that enclave.json does not declare, where it says
// `"network": "any"`; with EnclosLoopbackPort the host serves only clients of its own machine. Their connections are relayed.
const (
	EnclosAnyPort      = 1 << 16
	EnclosLoopbackPort = 2 << 16
)

// listenerName is what the host knows a listener by, or nothing for one that it may not serve.
func (t *ecStreams) listenerName(place int) string {
	if place >= 0 && place < len(t.manifest.Listen) {
		return t.manifest.Listen[place].Name
	}
	if t.manifest.Network != "any" || place&0xffff == 0 {
		return ""
	}
	switch place &^ 0xffff {
	case EnclosAnyPort:
		return "* " + ecItoa(int64(place-EnclosAnyPort))
	case EnclosLoopbackPort:
		return "localhost " + ecItoa(int64(place-EnclosLoopbackPort))
	}
	return ""
}

func (e *ecEndpoint) lostError() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.lost
}

// ecMayBePassed tells whether the connections of a transport are passed where the platform can pass them.
func ecMayBePassed(transport string) bool { return transport != "relayed" }

// EnclosAccept waits for the next connection of a listener, by its place in the manifest. The peer is what the host says.
func EnclosAccept(listener int) (*EnclosStream, string, error) {
	t, err := ecRunningStreams()
	if err != nil {
		return nil, "", err
	}
	if t.listenerName(listener) == "" {
		return nil, "", ecFail("STREAM_NOT_DECLARED", "enclave.json declares no such listener.")
	}
	stop := t.stopOf(listener)
	var s *EnclosStream
	if t.isPassed(listener) {
		s, err = t.passed.accept(listener, stop)
	} else if listener < len(t.manifest.Listen) && t.manifest.Listen[listener].Transport == "passed" {
		err = ecFail("STREAM_TRANSPORT_UNAVAILABLE", "The enclave wants its connections passed, which cannot be done here.")
	} else {
		s, err = t.accept(listener, stop)
	}
	if err != nil {
		return nil, "", err
	}
	return s, s.peer, nil
}

// EnclosUnlisten ends the waiting of EnclosAccept for a listener. Passed connections that have arrived and were not taken are
// closed; relayed ones wait at the host until the next EnclosAccept.
func EnclosUnlisten(listener int) {
	if t, err := ecRunningStreams(); err == nil {
		t.unlisten(listener)
	}
}

// EnclosConnect connects to a destination, by its place in the manifest. The host resolves the name and may connect to anything:
// authenticate the peer.
func EnclosConnect(destination int) (*EnclosStream, error) {
	t, err := ecRunningStreams()
	if err != nil {
		return nil, err
	}
	if destination < 0 || destination >= len(t.manifest.Connect) {
		return nil, ecFail("STREAM_NOT_DECLARED", "enclave.json declares no such destination.")
	}
	transport := t.manifest.Connect[destination].Transport
	if t.passed != nil && ecMayBePassed(transport) {
		return t.passed.connect(t, destination)
	}
	if transport == "passed" {
		return nil, ecFail("STREAM_TRANSPORT_UNAVAILABLE", "The enclave wants its connections passed, which cannot be done here.")
	}
	return t.connect(destination)
}

// EnclosConnectTo connects to a host that enclave.json need not declare, if it says `"network": "any"`. Its bytes are relayed.
func EnclosConnectTo(host string, port int) (*EnclosStream, error) {
	t, err := ecRunningStreams()
	if err != nil {
		return nil, err
	}
	if t.manifest.Network != "any" {
		return nil, ecFail("STREAM_NOT_DECLARED", "enclave.json does not let the enclave connect anywhere.")
	}
	return t.connectBy(func(id uint32) error { return t.askConnect(host+" "+ecItoa(int64(port)), id, nil) })
}
