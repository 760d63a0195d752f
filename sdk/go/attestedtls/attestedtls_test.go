package attestedtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"enclos.invalid/sdk/attestation"
)

// quotes is a platform of the tests: a quote is a name and the report data.
func quotes(name string) EvidenceSource {
	return func(reportData []byte) (Sourced, error) {
		return Sourced{Quote: append([]byte(name), reportData...), Endorsements: []byte("sent along")}, nil
	}
}

// accepts is an appraiser of quotes with this name.
func accepts(name string) Appraiser {
	return func(presented Presented) (*attestation.Evidence, error) {
		data, isNamed := bytes.CutPrefix(presented.Quote, []byte(name))
		if !isNamed {
			return nil, &Error{Code: "APPRAISAL_REFUSED", Field: "mrEnclave"}
		}
		if !bytes.Equal(data, presented.ReportData[:]) {
			return nil, &Error{Code: "APPRAISAL_REFUSED", Field: "binding"}
		}
		return &attestation.Evidence{}, nil
	}
}

func newIdentity(t testing.TB, role Role, source EvidenceSource) *Identity {
	t.Helper()
	identity, err := NewIdentity(role, IdentityOptions{Name: "server.example", Evidence: source})
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

type result struct {
	conn *Conn
	err  error
}

// meet lets a client and a server meet over a connection, and returns what each of them got.
func meet(t testing.TB, client ClientOptions, server ServerOptions) (ofClient, ofServer result) {
	t.Helper()
	near, far := pipe(t)
	accepted := make(chan result, 1)
	go func() {
		conn, err := Accept(context.Background(), far, server)
		accepted <- result{conn, err}
	}()
	conn, err := ConnectOver(context.Background(), near, client)
	if err != nil {
		_ = near.Close()
	}
	return result{conn, err}, <-accepted
}

// pipe is a connection over loopback: a server that refuses must not wait for a client that does not read.
func pipe(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialled := make(chan net.Conn, 1)
	go func() {
		conn, _ := net.Dial("tcp", l.Addr().String())
		dialled <- conn
	}()
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	near = <-dialled
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

func requireTalk(t *testing.T, one, other *Conn) {
	t.Helper()
	for _, way := range [][2]*Conn{{one, other}, {other, one}} {
		if _, err := way[0].Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		heard := make([]byte, 5)
		if _, err := io.ReadFull(way[1], heard); err != nil || string(heard) != "hello" {
			t.Fatalf("heard %q: %v", heard, err)
		}
	}
}

func TestFreshAndCachedAndMutual(t *testing.T) {
	server := newIdentity(t, Server, quotes("S"))
	client := newIdentity(t, Client, quotes("C"))
	for _, mode := range []Mode{Fresh, Cached} {
		for _, isMutual := range []bool{false, true} {
			theirs := ServerOptions{Identity: server}
			mine := ClientOptions{Peer: PeerPolicy{Appraise: accepts("S"), LeastMode: mode}}
			if isMutual {
				theirs.Clients = &PeerPolicy{Appraise: accepts("C"), LeastMode: mode}
				mine.Identity = client
			}
			a, b := meet(t, mine, theirs)
			if a.err != nil || b.err != nil {
				t.Fatalf("%s, mutual %v: %v, %v", mode, isMutual, a.err, b.err)
			}
			if a.conn.Mode != mode || (b.conn.Evidence != nil) != isMutual {
				t.Errorf("%s, mutual %v: mode %s, evidence %v", mode, isMutual, a.conn.Mode, b.conn.Evidence)
			}
			requireTalk(t, a.conn, b.conn)
		}
	}
}

func TestRefusals(t *testing.T) {
	server := newIdentity(t, Server, quotes("S"))
	client := newIdentity(t, Client, quotes("C"))
	replayed := func([]byte) (Sourced, error) { return Sourced{Quote: append([]byte("S"), make([]byte, 64)...)}, nil }
	broken := 0
	for name, test := range map[string]struct {
		client     ClientOptions
		server     ServerOptions
		code       string
		serverCode string
	}{
		"another server": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("X")}}, ServerOptions{Identity: server},
			"APPRAISAL_REFUSED", "ATLS_PEER_REFUSED"},
		"a replayed quote": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}}, ServerOptions{Identity: newIdentity(t, Server, replayed)},
			"ATLS_EVIDENCE_NOT_BOUND", "ATLS_PEER_REFUSED"},
		"another client": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}, Identity: client},
			ServerOptions{Identity: server, Clients: &PeerPolicy{Appraise: accepts("X")}}, "ATLS_PEER_REFUSED", "APPRAISAL_REFUSED"},
		"a client without a certificate": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}},
			ServerOptions{Identity: server, Clients: &PeerPolicy{Appraise: accepts("C")}}, "ATLS_PEER_REFUSED", "ATLS_CERTIFICATE_INVALID"},
		"a source that fails": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}}, ServerOptions{
			Identity: newIdentity(t, Server, func(data []byte) (Sourced, error) {
				if broken++; broken > 1 {
					return Sourced{}, errors.New("the platform is gone")
				}
				return quotes("S")(data)
			})}, "ATLS_PEER_REFUSED", "ATLS_EVIDENCE_UNAVAILABLE"},
		"old evidence": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S"), LeastMode: Cached,
			Now: func() time.Time { return time.Now().Add(25 * time.Hour) }}}, ServerOptions{Identity: server}, "ATLS_EVIDENCE_STALE", "ATLS_PEER_REFUSED"},
		"evidence of the future": {ClientOptions{Peer: PeerPolicy{Appraise: accepts("S"), LeastMode: Cached,
			Now: func() time.Time { return time.Now().Add(-time.Hour) }}}, ServerOptions{Identity: server}, "ATLS_EVIDENCE_STALE", "ATLS_PEER_REFUSED"},
	} {
		a, b := meet(t, test.client, test.server)
		if !errors.Is(a.err, &Error{Code: test.code}) || !errors.Is(b.err, &Error{Code: test.serverCode}) {
			t.Errorf("%s: %v, and the server: %v", name, a.err, b.err)
		}
	}
}

func TestOwnKeyAndRole(t *testing.T) {
	client := newIdentity(t, Client, quotes("S"))
	// An identity of the other role whose key this side has: what a reflected connection shows.
	stolen := &Identity{role: Server}
	stolen.current.Store(client.current.Load())
	a, _ := meet(t, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}, Identity: client}, ServerOptions{Identity: stolen})
	if !errors.Is(a.err, &Error{Code: "ATLS_OWN_KEY"}) {
		t.Errorf("the own key: %v", a.err)
	}
	a, _ = meet(t, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S"), LeastMode: Cached}}, ServerOptions{Identity: stolen})
	if !errors.Is(a.err, &Error{Code: "ATLS_CERTIFICATE_INVALID", Field: "role"}) {
		t.Errorf("the evidence of a client for a server: %v", a.err)
	}
	for name, err := range map[string]error{
		"a server's identity in a client": func() error {
			near, _ := pipe(t)
			_, err := ConnectOver(context.Background(), near, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}, Identity: stolen})
			return err
		}(),
		"no appraiser": func() error {
			near, _ := pipe(t)
			_, err := ConnectOver(context.Background(), near, ClientOptions{})
			return err
		}(),
		"no identity": func() error {
			near, _ := pipe(t)
			_, err := Accept(context.Background(), near, ServerOptions{})
			return err
		}(),
	} {
		if !errors.Is(err, &Error{Code: "ATLS_MISUSED"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRotation(t *testing.T) {
	identity := newIdentity(t, Server, quotes("S"))
	before := identity.Certificate().Certificate[0]
	if err := identity.Rotate(); err != nil || bytes.Equal(before, identity.Certificate().Certificate[0]) {
		t.Errorf("a rotation that changed nothing: %v", err)
	}
	now := identity.Certificate().Certificate[0]
	identity.options.Evidence = func([]byte) (Sourced, error) { return Sourced{}, errors.New("no quote") }
	if err := identity.Rotate(); !errors.Is(err, &Error{Code: "ATLS_EVIDENCE_UNAVAILABLE"}) || !bytes.Equal(now, identity.Certificate().Certificate[0]) {
		t.Errorf("a rotation that failed: %v", err)
	}
}

// An intermediary that passes the messages of the two sides on, with an identity of its own, or even with the key of the server: each
// side has another exporter with it.
func TestRelayedExchangeIsRefused(t *testing.T) {
	server := newIdentity(t, Server, quotes("S"))
	for name, relay := range map[string]*Identity{"its own key": newIdentity(t, Server, quotes("R")), "the key of the server": server} {
		for _, mode := range []Mode{Fresh, Cached} {
			clientSide, relayNear := pipe(t)
			relayFar, serverSide := pipe(t)
			go func() { _, _ = Accept(context.Background(), serverSide, ServerOptions{Identity: server}) }()
			go func(certificate tls.Certificate) {
				near := tls.Server(relayNear, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{Protocol}})
				far := tls.Client(relayFar, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{Protocol}})
				go func() { _, _ = io.Copy(far, near) }()
				_, _ = io.Copy(near, far)
			}(relay.Certificate())
			_, err := ConnectOver(context.Background(), clientSide, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S"), LeastMode: mode}})
			if !errors.Is(err, &Error{Code: "ATLS_EVIDENCE_NOT_BOUND"}) {
				t.Errorf("a relayed exchange, %s, %s: %v", mode, name, err)
			}
		}
	}
}

// rawServer is a server of the ALPN that says these bytes after the challenge.
func rawServer(t *testing.T, identity *Identity, say []byte) error {
	near, far := pipe(t)
	go func() {
		conn := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{identity.Certificate()}, NextProtos: []string{Protocol}})
		_, _ = io.ReadFull(conn, make([]byte, frameHeader+nonceSize+1))
		_, _ = conn.Write(say)
		_ = conn.Close()
	}()
	_, err := ConnectOver(context.Background(), near, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}})
	return err
}

func TestOrderAndFrames(t *testing.T) {
	identity := newIdentity(t, Server, quotes("S"))
	nonce := (&message{kind: kindNonce}).encode()
	evidence := (&message{kind: kindEvidence, mode: Cached, signature: []byte{1}}).encode()
	for name, test := range map[string]struct {
		say  []byte
		code string
	}{
		"accepted at once":      {(&message{kind: kindAccepted}).encode(), "ATLS_PROTOCOL_VIOLATION"},
		"another version":       {[]byte{2, kindNonce, 0, 0, 0, 0}, "ATLS_PROTOCOL_VIOLATION"},
		"an unknown kind":       {[]byte{1, 9, 0, 0, 0, 0}, "ATLS_PROTOCOL_VIOLATION"},
		"a long nonce":          {[]byte{1, kindNonce, 33, 0, 0, 0}, "ATLS_PROTOCOL_VIOLATION"},
		"a short nonce":         {[]byte{1, kindNonce, 1, 0, 0, 0, 0}, "ATLS_PROTOCOL_VIOLATION"},
		"two nonces":            {append(nonce, nonce...), "ATLS_PROTOCOL_VIOLATION"},
		"a weaker mode":         {append(nonce, evidence...), "ATLS_MODE_TOO_WEAK"},
		"an end":                {nonce[:10], "ATLS_CONNECTION_LOST"},
		"a refusal":             {(&message{kind: kindRefused, reason: reasonPolicy}).encode(), "ATLS_PEER_REFUSED"},
		"an unknown refusal":    {(&message{kind: kindRefused, reason: 9}).encode(), "ATLS_PROTOCOL_VIOLATION"},
		"evidence of no mode":   {append(nonce, 1, kindEvidence, 11, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "ATLS_PROTOCOL_VIOLATION"},
		"both quote and signed": {append(nonce, (&message{kind: kindEvidence, mode: Fresh, quote: []byte{1}, signature: []byte{1}}).encode()...), "ATLS_PROTOCOL_VIOLATION"},
	} {
		if err := rawServer(t, identity, test.say); !errors.Is(err, &Error{Code: test.code}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRATLS(t *testing.T) {
	identity := newIdentity(t, Server, quotes("S"))
	policy := PeerPolicy{Appraise: accepts("S")}
	handshake := func(config *tls.Config) error {
		near, far := pipe(t)
		go func() { _ = tls.Server(far, RATLSServerConfig(identity)).Handshake() }()
		return tls.Client(near, config).Handshake()
	}
	if err := handshake(RATLSClientConfig(policy)); err != nil {
		t.Errorf("plain RA-TLS: %v", err)
	}
	if err := handshake(RATLSClientConfig(PeerPolicy{Appraise: accepts("X")})); !errors.Is(err, &Error{Code: "APPRAISAL_REFUSED"}) {
		t.Errorf("another enclave over RA-TLS: %v", err)
	}
	for _, isAccepted := range []bool{false, true} {
		near, far := pipe(t)
		go func() { _ = tls.Server(far, RATLSServerConfig(identity)).Handshake() }()
		policy.AcceptRelayableRATLS = isAccepted
		conn, err := ConnectOver(context.Background(), near, ClientOptions{Peer: policy})
		if isAccepted && (err != nil || conn.Mode != RATLS) || !isAccepted && !errors.Is(err, &Error{Code: "ATLS_NOT_SPOKEN"}) {
			t.Errorf("a server of RA-TLS, accepted %v: %v", isAccepted, err)
		}
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	near, _ := pipe(t)
	_, err := ConnectOver(context.Background(), near, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}, Timeout: time.Millisecond})
	if !errors.Is(err, &Error{Code: "ATLS_TIMEOUT"}) {
		t.Errorf("a silent server: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	near, _ = pipe(t)
	if _, err = ConnectOver(ctx, near, ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call: %v", err)
	}
}

func TestListener(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan error, 1)
	l := NewListener(inner, ServerOptions{Identity: newIdentity(t, Server, quotes("S")), OnRefused: func(err error) { refused <- err }})
	_, err = Dial(context.Background(), "tcp", inner.Addr().String(), ClientOptions{Peer: PeerPolicy{Appraise: accepts("X")}})
	if err == nil || !errors.Is(<-refused, &Error{Code: "ATLS_PEER_REFUSED"}) {
		t.Errorf("a client that refuses: %v", err)
	}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(conn, conn)
		}
	}()
	conn, err := Dial(context.Background(), "tcp", inner.Addr().String(), ClientOptions{Peer: PeerPolicy{Appraise: accepts("S")}})
	if err != nil {
		t.Fatal(err)
	}
	requireTalk(t, conn, conn)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed listener: %v", err)
	}
}

// FuzzMessage: no input panics, and what is accepted is written as it was read.
func FuzzMessage(f *testing.F) {
	for _, m := range []*message{{kind: kindChallenge, mode: Fresh}, {kind: kindNonce}, {kind: kindAccepted}, {kind: kindRefused, reason: 1},
		{kind: kindEvidence, mode: Fresh, quote: []byte("q"), endorsements: []byte("e")}, {kind: kindEvidence, mode: Cached, signature: []byte("s")}} {
		f.Add(m.encode())
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, err := readMessage(bytes.NewReader(frame), func(byte) error { return nil })
		if err == nil && !bytes.HasPrefix(frame, m.encode()) {
			t.Error("a message that is written otherwise")
		}
	})
}

func FuzzClaims(f *testing.F) {
	f.Add(encodeClaims([]byte("key"), Server, time.Unix(1, 0)))
	f.Fuzz(func(t *testing.T, claims []byte) {
		if algorithm, _, _, err := readClaims(claims); err == nil && digestOf(algorithm, nil) == nil {
			t.Error("claims with a digest that nobody can compute")
		}
	})
}

func FuzzWrapped(f *testing.F) {
	f.Add([]byte("\x0c\x10[\"a/b\",\"AAAA\",4]"))
	f.Add([]byte{4, 6, 0x83, 0x61, 'a', 0x41, 0, 4})
	f.Fuzz(func(_ *testing.T, value []byte) { _, _ = unwrapCMW(value) })
}

// FuzzCertificate reads the extensions of a certificate, of any content.
func FuzzCertificate(f *testing.F) {
	identity := newIdentity(f, Server, quotes("S"))
	c, err := x509.ParseCertificate(identity.Certificate().Certificate[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(c.Extensions[len(c.Extensions)-1].Value, uint8(1))
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	f.Add(random, uint8(2))
	f.Fuzz(func(_ *testing.T, value []byte, which uint8) {
		changed := *c
		changed.Extensions = append(changed.Extensions[:0:0], c.Extensions...)
		at := int(which) % len(changed.Extensions)
		changed.Extensions[at].Value = value
		_, _ = ReadCertificate(&changed)
	})
}
