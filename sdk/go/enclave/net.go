package enclave

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"enclos.invalid/sdk/internal/core"
	"enclos.invalid/sdk/internal/link"
)

// Listen takes the connections that the host accepts on a port that enclave.json declares under `listen`. The host can read, change
// and drop all bytes: end TLS inside. STREAM_NOT_DECLARED is for another name.
//
// A connection that the host relays is read and written through the call gate; one that it passes is a socket, and the value of
// Accept then has the methods of *net.TCPConn for half closing. RemoteAddr is what the host says: use it only for logs and for
// sharing out resources.
func Listen(name string) (net.Listener, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	for place, declared := range boot.manifest.Listen {
		if declared.Name == name {
			return &listener{place: place, name: name, port: declared.Port}, nil
		}
	}
	return nil, &Error{Code: "STREAM_NOT_DECLARED", Message: "enclave.json declares no listener " + name + "."}
}

type listener struct {
	place  int
	name   string
	port   int
	mu     sync.Mutex
	closed bool
}

func (l *listener) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		if l.isClosed() {
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
		}
		stream, err := link.Accept(l.place)
		if err != nil {
			if l.isClosed() {
				err = net.ErrClosed
			}
			return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: err}
		}
		if conn, err := newConn(stream, l.Addr(), addressOf(stream.Peer())); err == nil {
			return conn, nil
		}
		// It broke before it was taken.
	}
}

// Close ends Accept; connections that were taken stay.
func (l *listener) Close() error {
	l.mu.Lock()
	wasClosed := l.closed
	l.closed = true
	l.mu.Unlock()
	if wasClosed {
		return net.ErrClosed
	}
	link.Unlisten(l.place)
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4zero, Port: l.port} }

// Dial connects to a destination that enclave.json declares under `connect`. The host resolves the name and may connect to anything:
// authenticate the peer. STREAM_NOT_DECLARED is for another name, STREAM_CONNECT_FAILED for a destination that does not answer.
func Dial(ctx context.Context, name string) (net.Conn, error) {
	if err := Boot(); err != nil {
		return nil, err
	}
	for place, declared := range boot.manifest.Connect {
		if declared.Name == name {
			return dial(ctx, place, named{declared.Host + ":" + strconv.Itoa(declared.Port)})
		}
	}
	return nil, &Error{Code: "STREAM_NOT_DECLARED", Message: "enclave.json declares no destination " + name + "."}
}

func dial(ctx context.Context, place int, remote net.Addr) (net.Conn, error) {
	type result struct {
		stream link.Stream
		err    error
	}
	dialled := make(chan result, 1)
	go func() {
		stream, err := link.Connect(place)
		dialled <- result{stream, err}
	}()
	select {
	case r := <-dialled:
		if r.err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: remote, Err: r.err}
		}
		return newConn(r.stream, &net.TCPAddr{IP: net.IPv4zero}, remote)
	case <-ctx.Done():
		go func() {
			if r := <-dialled; r.err == nil {
				_ = r.stream.Close()
			}
		}()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: remote, Err: ctx.Err()}
	}
}

// named is the address of a destination, which only the host resolves.
type named struct{ text string }

func (n named) Network() string { return "tcp" }
func (n named) String() string  { return n.text }

// addressOf reads what the host says of a peer: address, space, port.
func addressOf(peer string) net.Addr {
	host, port, _ := strings.Cut(peer, " ")
	number, err := strconv.ParseUint(port, 10, 16)
	if ip := net.ParseIP(host); ip != nil && err == nil {
		return &net.TCPAddr{IP: ip, Port: int(number)}
	}
	return named{"unknown"}
}

func newConn(stream link.Stream, local, remote net.Addr) (net.Conn, error) {
	if stream.FD() >= 0 {
		return newPassed(stream)
	}
	return &relayed{stream: stream, local: local, remote: remote}, nil
}

// passed is a socket of the host. Closing it tells the host that it may pass another one.
type passed struct {
	*net.TCPConn
	stream link.Stream
}

func newPassed(stream link.Stream) (net.Conn, error) {
	// FileConn duplicates the descriptor.
	file := os.NewFile(uintptr(stream.Detach()), "passed")
	conn, err := net.FileConn(file)
	_ = file.Close()
	tcp, ok := conn.(*net.TCPConn)
	if err != nil || !ok {
		_ = stream.Close()
		return nil, errors.Join(err, io.ErrUnexpectedEOF)
	}
	return &passed{tcp, stream}, nil
}

func (p *passed) Close() error {
	err := p.TCPConn.Close()
	_ = p.stream.Close()
	return err
}

// relayed is a connection whose bytes cross the call gate.
type relayed struct {
	stream        link.Stream
	local, remote net.Addr
}

func (r *relayed) Read(p []byte) (int, error) {
	n, err := r.stream.Read(p)
	return n, r.failure("read", err)
}

func (r *relayed) Write(p []byte) (int, error) {
	n, err := r.stream.Write(p)
	return n, r.failure("write", err)
}

// CloseWrite ends this direction: the peer reads to the end.
func (r *relayed) CloseWrite() error { return r.failure("close", r.stream.CloseWrite()) }

func (r *relayed) Close() error         { return r.failure("close", r.stream.Close()) }
func (r *relayed) LocalAddr() net.Addr  { return r.local }
func (r *relayed) RemoteAddr() net.Addr { return r.remote }

func (r *relayed) SetDeadline(t time.Time) error {
	return errors.Join(r.SetReadDeadline(t), r.SetWriteDeadline(t))
}

func (r *relayed) SetReadDeadline(t time.Time) error {
	return r.failure("set", r.stream.SetReadDeadline(t))
}

func (r *relayed) SetWriteDeadline(t time.Time) error {
	return r.failure("set", r.stream.SetWriteDeadline(t))
}

// failure makes the errors that net promises: io.EOF as it is, and os.ErrDeadlineExceeded and net.ErrClosed inside net.OpError.
func (r *relayed) failure(op string, err error) error {
	switch err {
	case nil, io.EOF:
		return err
	case core.EnclosErrDeadline:
		err = os.ErrDeadlineExceeded
	case core.EnclosErrClosed:
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Source: r.local, Addr: r.remote, Err: err}
}
