package attestedtls

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"

	"enclos.invalid/sdk/attestation"
	"enclos.invalid/sdk/internal/reportdata"
)

const (
	exporterLabel = "EXPORTER-enclos-atls-1"
	exporterSize  = 32
	// No other use of the key signs bytes that begin like this: TLS 1.3 begins with 64 spaces, X.509 with a SEQUENCE.
	signatureTag = "enclos-atls/1 cached"
)

// subject is what evidence of one side must be about.
type subject struct {
	// role is the side that attests.
	role Role
	// exporter is that of the connection (RFC 8446 section 7.5), for this role and these nonces: an intermediary has a different one with
	// each side.
	exporter []byte
	// nonce is the challenge that is answered: that of the other side.
	nonce [nonceSize]byte
	// keyInfo is the SubjectPublicKeyInfo of the attester's leaf certificate.
	keyInfo []byte
}

func roleNumber(role Role) byte {
	if role == Client {
		return 1
	}
	return 2
}

func (e *exchange) subject(role Role, keyInfo []byte) (*subject, error) {
	context := append(append([]byte{roleNumber(role)}, e.client[:]...), e.server[:]...)
	state := e.conn.ConnectionState()
	exporter, err := state.ExportKeyingMaterial(exporterLabel, context, exporterSize)
	if err != nil {
		return nil, fail("ATLS_HANDSHAKE_FAILED", "The connection has no exporter.", err)
	}
	s := &subject{role: role, exporter: exporter, nonce: e.client, keyInfo: keyInfo}
	if role == Client {
		s.nonce = e.server
	}
	return s, nil
}

// freshReportData are those of a fresh quote.
func (s *subject) freshReportData() ([64]byte, error) {
	data, ok := reportdata.Bound("enclos-atls/1 fresh "+string(s.role), append(append([]byte(nil), s.exporter...), s.nonce[:]...), s.keyInfo)
	if !ok {
		return data, misused("The key of a certificate is too long to be bound.")
	}
	return data, nil
}

// digest is of what a leaf key signs about a connection, for evidence that is about the key.
func (s *subject) digest() [32]byte {
	b := append([]byte{byte(len(signatureTag))}, signatureTag...)
	b = append(append(append(b, roleNumber(s.role)), s.exporter...), s.nonce[:]...)
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(s.keyInfo))), s.keyInfo...)
	return sha256.Sum256(b)
}

func (s *subject) requireSignature(c *x509.Certificate, signature []byte) error {
	key, isECDSA := c.PublicKey.(*ecdsa.PublicKey)
	digest := s.digest()
	if !isECDSA || key.Curve != elliptic.P256() || !ecdsa.VerifyASN1(key, digest[:], signature) {
		return notBound(nil)
	}
	return nil
}

// exchange is what the two sides say to each other after the handshake.
type exchange struct {
	conn   *tls.Conn
	reader *bufio.Reader
	// client and server are the nonces.
	client, server [nonceSize]byte
}

func newNonce() (nonce [nonceSize]byte, err error) {
	_, err = rand.Read(nonce[:])
	return nonce, err
}

func (e *exchange) send(messages ...*message) error {
	var frames []byte
	for _, m := range messages {
		frames = append(frames, m.encode()...)
	}
	if _, err := e.conn.Write(frames); err != nil {
		return lost(err)
	}
	return nil
}

// receive reads the next message, one of these kinds.
func (e *exchange) receive(kinds ...byte) (*message, error) {
	m, err := readMessage(e.reader, func(kind byte) error {
		if kind == kindRefused || bytes.IndexByte(kinds, kind) >= 0 {
			return nil
		}
		return violated("order", nil)
	})
	if err == nil && m.kind == kindRefused {
		err = &Error{Code: "ATLS_PEER_REFUSED", Field: reasonNames[m.reason], Message: "The peer refused this side."}
	}
	return m, err
}

// requireSilence: while evidence is made or appraised the peer has nothing to say, its application least of all.
func (e *exchange) requireSilence() error {
	if e.reader.Buffered() > 0 {
		return violated("silence", nil)
	}
	return nil
}

// answer gives evidence of this side in the mode that was asked for.
func (e *exchange) answer(own *snapshot, role Role, mode Mode) (*message, error) {
	s, err := e.subject(role, own.keyInfo)
	if err != nil {
		return nil, err
	}
	if mode == Cached {
		digest := s.digest()
		signature, err := ecdsa.SignASN1(rand.Reader, own.key, digest[:])
		return &message{kind: kindEvidence, mode: mode, signature: signature, endorsements: own.endorsements}, err
	}
	data, err := s.freshReportData()
	if err != nil {
		return nil, err
	}
	made, err := own.evidence.make(data)
	return &message{kind: kindEvidence, mode: Fresh, quote: made.Quote, endorsements: made.Endorsements}, err
}

// appraise judges the evidence of the peer. It is refused when it is not for this subject, or the policy does not accept it.
func (e *exchange) appraise(p *PeerPolicy, m *message, role Role, c *x509.Certificate) (*attestation.Evidence, error) {
	if modeNumbers[m.mode] < modeNumbers[p.leastMode()] {
		return nil, &Error{Code: "ATLS_MODE_TOO_WEAK", Field: string(m.mode), Message: "The peer answered in a weaker mode than this side accepts."}
	}
	s, err := e.subject(role, c.RawSubjectPublicKeyInfo)
	if err != nil {
		return nil, err
	}
	presented := Presented{Quote: m.quote, Endorsements: m.endorsements, Role: role, Mode: m.mode}
	if m.mode == Fresh {
		data, err := s.freshReportData()
		if err != nil {
			return nil, err
		}
		return p.accept(presented, data)
	}
	if err := s.requireSignature(c, m.signature); err != nil {
		return nil, err
	}
	evidence, err := ReadCertificate(c)
	if err != nil {
		return nil, err
	}
	if evidence.own == nil || evidence.own.role != role {
		return nil, refuseCertificate("role", nil)
	}
	if err := p.requireAge(evidence.own); err != nil {
		return nil, err
	}
	presented.Quote = evidence.Quote
	return p.accept(presented, evidence.ReportData...)
}

// appraiseRATLS judges the certificate of a peer that speaks only RA-TLS: its evidence is about a key, not about a connection.
func appraiseRATLS(p *PeerPolicy, role Role, c *x509.Certificate) (*attestation.Evidence, error) {
	evidence, err := ReadCertificate(c)
	if err != nil {
		return nil, err
	}
	if evidence.own != nil && evidence.own.role != role {
		return nil, refuseCertificate("role", nil)
	}
	if err := p.requireAge(evidence.own); err != nil {
		return nil, err
	}
	return p.accept(Presented{Quote: evidence.Quote, Role: role, Mode: RATLS}, evidence.ReportData...)
}

// asClient is the client's part. When it returns, both sides have accepted each other.
func (e *exchange) asClient(p *PeerPolicy, server *x509.Certificate, own *snapshot) (evidence *attestation.Evidence, mode Mode, err error) {
	if e.client, err = newNonce(); err != nil {
		return nil, "", err
	}
	if err = e.send(&message{kind: kindChallenge, nonce: e.client, mode: p.leastMode()}); err != nil {
		return nil, "", err
	}
	greeting, err := e.receive(kindNonce, kindChallenge)
	if err != nil {
		return nil, "", err
	}
	e.server = greeting.nonce
	m, err := e.receive(kindEvidence)
	if err != nil {
		return nil, "", err
	}
	if evidence, err = e.appraise(p, m, Server, server); err != nil {
		return nil, "", err
	}
	if err = e.requireSilence(); err != nil {
		return nil, "", err
	}
	if greeting.kind == kindNonce {
		return evidence, m.mode, e.send(&message{kind: kindAccepted})
	}
	// Only now: a client does not identify itself to a server that it does not trust.
	if own == nil {
		return nil, "", fail("ATLS_IDENTITY_MISSING", "The server wants evidence of its clients, and this client has none.", nil)
	}
	answer, err := e.answer(own, Client, greeting.mode)
	if err != nil {
		return nil, "", err
	}
	if err = e.send(answer); err == nil {
		_, err = e.receive(kindAccepted)
	}
	return evidence, m.mode, err
}

// asServer is the server's part. When it returns, both sides have accepted each other. clients is nil for a server that asks for no
// evidence; then there is none in the result.
func (e *exchange) asServer(clients *PeerPolicy, client *x509.Certificate, own *snapshot) (*attestation.Evidence, Mode, error) {
	challenge, err := e.receive(kindChallenge)
	if err != nil {
		return nil, "", err
	}
	e.client = challenge.nonce
	if e.server, err = newNonce(); err != nil {
		return nil, "", err
	}
	answer, err := e.answer(own, Server, challenge.mode)
	if err != nil {
		return nil, "", err
	}
	if err := e.requireSilence(); err != nil {
		return nil, "", err
	}
	if clients == nil {
		if err = e.send(&message{kind: kindNonce, nonce: e.server}, answer); err == nil {
			_, err = e.receive(kindAccepted)
		}
		return nil, "", err
	}
	if err := e.send(&message{kind: kindChallenge, nonce: e.server, mode: clients.leastMode()}, answer); err != nil {
		return nil, "", err
	}
	m, err := e.receive(kindEvidence)
	if err != nil {
		return nil, "", err
	}
	evidence, err := e.appraise(clients, m, Client, client)
	if err == nil {
		err = e.requireSilence()
	}
	if err == nil {
		err = e.send(&message{kind: kindAccepted})
	}
	return evidence, m.mode, err
}

// reasonOf is what a peer is told of an error; 0 for nothing.
func reasonOf(err error) byte {
	var refused *Error
	if !errors.As(err, &refused) {
		return 0
	}
	switch refused.Code {
	case "ATLS_PROTOCOL_VIOLATION":
		return reasonProtocol
	case "ATLS_IDENTITY_MISSING", "ATLS_EVIDENCE_UNAVAILABLE":
		return reasonNoEvidence
	case "APPRAISAL_REFUSED", "ATLS_EVIDENCE_STALE", "ATLS_MODE_TOO_WEAK":
		return reasonPolicy
	case "EVIDENCE_REFUSED", "ENDORSEMENTS_INVALID", "ATLS_EVIDENCE_NOT_BOUND", "ATLS_OWN_KEY", "ATLS_CERTIFICATE_INVALID":
		return reasonEvidence
	}
	return 0
}
