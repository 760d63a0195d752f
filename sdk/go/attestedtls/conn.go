package attestedtls

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"time"

	"enclos.invalid/sdk/attestation"
)

const (
	defaultTimeout = 10 * time.Second
	// farewell is how long a refusal may take to reach a peer that does not read.
	farewell = time.Second
)

// Conn is a TLS 1.3 connection whose exchange is over.
type Conn struct {
	*tls.Conn
	reader *bufio.Reader
	// Evidence is what the appraiser accepted; nil on a server that asks for none.
	Evidence *attestation.Evidence
	// Mode is that of the evidence; empty without.
	Mode Mode
}

// Read reads what the peer sent after the exchange.
func (c *Conn) Read(p []byte) (int, error) {
	if c.reader.Buffered() > 0 {
		return c.reader.Read(p)
	}
	return c.Conn.Read(p)
}

// ClientOptions say what a client demands and shows.
type ClientOptions struct {
	// Peer is what the server must show. Its Appraise is required.
	Peer PeerPolicy
	// Identity is shown to a server that asks for evidence of its clients, after its own was accepted. Its role is Client.
	Identity *Identity
	// ServerName is for SNI; the certificate's name is not looked at.
	ServerName string
	// Timeout is for handshake and exchange together: 10 seconds unless given.
	Timeout time.Duration
}

// ServerOptions say what a server shows and demands.
type ServerOptions struct {
	// Identity is required. Its role is Server.
	Identity *Identity
	// Clients is what clients must show of themselves; nil for nothing: they may be anybody.
	Clients *PeerPolicy
	// AcceptRelayableRATLS serves clients that speak plain RA-TLS. They learn whose key it is, but not whether the connection has an
	// intermediary.
	AcceptRelayableRATLS bool
	// Timeout is for handshake and exchange together: 10 seconds unless given.
	Timeout time.Duration
	// OnRefused gets the reason for each connection that did not become one, of a listener.
	OnRefused func(error)
}

// Dial connects to an address, and returns when the server has proven by its evidence to be what the appraiser accepts. Enclaves use
// [ConnectOver] with a connection of package enclave.
func Dial(ctx context.Context, network, address string, options ClientOptions) (*Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, fail("ATLS_UNREACHABLE", "No connection to the server could be made.", err)
	}
	if host, _, err := net.SplitHostPort(address); err == nil && options.ServerName == "" && net.ParseIP(host) == nil {
		options.ServerName = host
	}
	return ConnectOver(ctx, conn, options)
}

// ConnectOver does the same over a connection that is there. Until it returns no byte is sent or handed out but those of handshake and
// exchange; when it fails, the connection is closed. Errors have the codes ATLS_…, or are those of the appraiser.
func ConnectOver(ctx context.Context, conn net.Conn, options ClientOptions) (*Conn, error) {
	var own *snapshot
	if options.Identity != nil {
		own = options.Identity.current.Load()
	}
	if options.Peer.Appraise == nil || own != nil && options.Identity.role != Client {
		_ = conn.Close()
		return nil, misused("A client wants an appraiser, and an identity of the role Client if any.")
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{Protocol}, ServerName: options.ServerName,
		// The certificate signs itself: whose key it is the evidence says, before anything else happens.
		InsecureSkipVerify: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if own == nil {
				return &tls.Certificate{}, nil
			}
			return &own.certificate, nil
		},
	}
	secure := tls.Client(conn, config)
	return attempt(ctx, secure, options.Timeout, func(e *exchange) (*attestation.Evidence, Mode, error) {
		server, err := peerCertificate(secure, own)
		if err != nil {
			return nil, "", err
		}
		if secure.ConnectionState().NegotiatedProtocol == Protocol {
			return e.asClient(&options.Peer, server, own)
		}
		if !options.Peer.AcceptRelayableRATLS {
			return nil, "", notSpoken()
		}
		evidence, err := appraiseRATLS(&options.Peer, Server, server)
		return evidence, RATLS, err
	})
}

// Accept makes an attested connection of one that was accepted. When it fails, the connection is closed. Errors have the codes ATLS_…,
// or are those of the appraiser.
func Accept(ctx context.Context, conn net.Conn, options ServerOptions) (*Conn, error) {
	if options.Identity == nil || options.Identity.role != Server || options.Clients != nil && options.Clients.Appraise == nil {
		_ = conn.Close()
		return nil, misused("A server wants an identity of the role Server, and an appraiser for clients if it asks for their evidence.")
	}
	// From here on this connection keeps this state of the identity, whatever rotates meanwhile.
	own := options.Identity.current.Load()
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{own.certificate}, NextProtos: []string{Protocol},
		SessionTicketsDisabled: true,
	}
	if options.Clients != nil {
		config.ClientAuth = tls.RequestClientCert
	}
	secure := tls.Server(conn, config)
	return attempt(ctx, secure, options.Timeout, func(e *exchange) (*attestation.Evidence, Mode, error) {
		isSpoken := secure.ConnectionState().NegotiatedProtocol == Protocol
		if !isSpoken && !options.AcceptRelayableRATLS {
			return nil, "", notSpoken()
		}
		var client *x509.Certificate
		if options.Clients != nil {
			var err error
			if client, err = peerCertificate(secure, own); err != nil {
				return nil, "", err
			}
		}
		if isSpoken {
			return e.asServer(options.Clients, client, own)
		}
		if client == nil {
			return nil, RATLS, nil
		}
		evidence, err := appraiseRATLS(options.Clients, Client, client)
		return evidence, RATLS, err
	})
}

func notSpoken() error {
	return fail("ATLS_NOT_SPOKEN", "The peer speaks TLS but not attested TLS.", nil)
}

// peerCertificate is the leaf certificate of the peer, whose private key TLS proved the peer to have.
func peerCertificate(conn *tls.Conn, own *snapshot) (*x509.Certificate, error) {
	certificates := conn.ConnectionState().PeerCertificates
	if len(certificates) == 0 {
		return nil, refuseCertificate("certificate", nil)
	}
	if own != nil && bytes.Equal(certificates[0].RawSubjectPublicKeyInfo, own.keyInfo) {
		return nil, fail("ATLS_OWN_KEY", "The peer presents the key of this side.", nil)
	}
	return certificates[0], nil
}

// attempt runs what has to be over before the application gets a connection. Whatever goes wrong, the connection is closed, and the
// peer told if that can still be.
func attempt(ctx context.Context, conn *tls.Conn, timeout time.Duration,
	work func(*exchange) (*attestation.Evidence, Mode, error)) (*Conn, error) {
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// A deadline in the past ends what is being read and written.
	stop := context.AfterFunc(ctx, func() { _ = conn.NetConn().SetDeadline(time.Unix(1, 0)) })
	c := &Conn{Conn: conn, reader: bufio.NewReader(conn)}
	err := conn.HandshakeContext(ctx)
	if err != nil {
		err = fail("ATLS_HANDSHAKE_FAILED", "The TLS handshake did not succeed.", err)
	} else {
		c.Evidence, c.Mode, err = work(&exchange{conn: conn, reader: c.reader})
	}
	// Reads that the deadline above ends, do not know why.
	if !stop() && (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) {
		err = ctx.Err()
	}
	if err == nil {
		return c, nil
	}
	if reason := reasonOf(err); reason != 0 {
		// It is a courtesy: a peer that is gone does not hear it.
		_ = conn.SetDeadline(time.Now().Add(farewell))
		_, _ = conn.Write((&message{kind: kindRefused, reason: reason}).encode())
	}
	_ = conn.Close()
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		err = fail("ATLS_TIMEOUT", "The handshake and the exchange of evidence did not finish in time.", err)
	}
	return nil, err
}
