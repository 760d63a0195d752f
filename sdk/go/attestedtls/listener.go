package attestedtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
)

// mostPending is how many handshakes a listener has at once; more connections wait.
const mostPending = 256

type listener struct {
	net.Listener
	options ServerOptions
	ready   chan *Conn
	failed  chan error
	done    chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
}

// NewListener makes attested connections of those that inner accepts, many at once. Accept gives only those whose exchange succeeded, as
// *Conn; OnRefused of the options hears of the others. Give it to http.Serve.
func NewListener(inner net.Listener, options ServerOptions) net.Listener {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{Listener: inner, options: options, ready: make(chan *Conn), failed: make(chan error, 1), done: make(chan struct{}),
		ctx: ctx, cancel: cancel}
	go l.run()
	return l
}

func (l *listener) run() {
	pending := make(chan struct{}, mostPending)
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.failed <- err
			close(l.done)
			return
		}
		pending <- struct{}{}
		go func() {
			defer func() { <-pending }()
			l.accept(conn)
		}()
	}
}

func (l *listener) accept(conn net.Conn) {
	attested, err := Accept(l.ctx, conn, l.options)
	if err != nil {
		if l.options.OnRefused != nil {
			l.options.OnRefused(err)
		}
		return
	}
	select {
	case l.ready <- attested:
	case <-l.ctx.Done():
		_ = attested.Close()
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.ready:
		return conn, nil
	case <-l.done:
	}
	select {
	case err := <-l.failed:
		return nil, err
	default:
		return nil, net.ErrClosed
	}
}

// Close ends Accept, and the exchanges that are not over; connections that were given out stay.
func (l *listener) Close() error {
	l.cancel()
	return l.Listener.Close()
}

// VerifyPeerCertificate returns a callback for a configuration of crypto/tls with InsecureSkipVerify, for connections of plain RA-TLS:
// it accepts a certificate whose evidence the appraiser accepts. Such evidence is about a key, and not about the connection.
func VerifyPeerCertificate(role Role, policy PeerPolicy) func(rawCerts [][]byte, chains [][]*x509.Certificate) error {
	return func(rawCerts [][]byte, _ [][]*x509.Certificate) error {
		if len(rawCerts) == 0 {
			return refuseCertificate("certificate", nil)
		}
		c, err := x509.ParseCertificate(rawCerts[0])
		if err != nil {
			return refuseCertificate("well-formed", err)
		}
		_, err = appraiseRATLS(&policy, role, c)
		return err
	}
}

// RATLSClientConfig is a configuration for a client of plain RA-TLS; see [VerifyPeerCertificate] for what it gives up. Sessions are not
// resumed, because a resumed one verifies nothing.
func RATLSClientConfig(policy PeerPolicy) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true,
		VerifyPeerCertificate: VerifyPeerCertificate(Server, policy)}
}

// RATLSServerConfig is one for a server of plain RA-TLS: it shows the certificate of the identity as it is at each handshake.
func RATLSServerConfig(identity *Identity) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			certificate := identity.Certificate()
			return &certificate, nil
		}}
}
