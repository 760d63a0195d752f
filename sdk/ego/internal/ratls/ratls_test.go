package ratls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"enclos.invalid/sdk/oe"
	"github.com/edgelesssys/ego/attestation"
)

const offsetReportData = 48 + 320

// quoteOf is a quote of no signature, with the report data in its place.
func quoteOf(data []byte) ([]byte, error) {
	quote := make([]byte, 437)
	quote[0], quote[2], quote[432] = 3, 2, 1
	copy(quote[offsetReportData:], data)
	return quote, nil
}

// believe is a verifier that finds every quote genuine.
func believe(report []byte) (attestation.Report, error) {
	_, quote, err := oe.ParseReport(report)
	if err != nil {
		return attestation.Report{}, err
	}
	return attestation.Report{Data: quote[offsetReportData : offsetReportData+64]}, nil
}

func accept(attestation.Report) error { return nil }

func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		secure := tls.Server(conn, server)
		if secure.Handshake() == nil {
			_, _ = secure.Write([]byte("hello"))
		}
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client)
	if err == nil {
		err = conn.Close()
	}
	return err
}

func TestHandshake(t *testing.T) {
	for _, binding := range []oe.Binding{oe.BindKey, oe.BindText} {
		server, err := ServerConfig(binding, quoteOf)
		if err != nil {
			t.Fatal(err)
		}
		if err := handshake(t, server, ClientConfig(believe, Options{}, accept)); err != nil {
			t.Errorf("binding %d: %v", binding, err)
		}
		refused := errors.New("another enclave")
		if err := handshake(t, server, ClientConfig(believe, Options{}, func(attestation.Report) error { return refused })); !errors.Is(err, refused) {
			t.Errorf("binding %d, refused by the caller: %v", binding, err)
		}
		if err := handshake(t, server, ClientConfig(believe, Options{}, nil)); err == nil {
			t.Error("a client that checks nothing: accepted")
		}
	}
}

func TestTCBStatus(t *testing.T) {
	server, err := ServerConfig(oe.BindKey, quoteOf)
	if err != nil {
		t.Fatal(err)
	}
	old := func(report []byte) (attestation.Report, error) {
		found, _ := believe(report)
		return found, attestation.ErrTCBLevelInvalid
	}
	if err := handshake(t, server, ClientConfig(old, Options{}, accept)); !errors.Is(err, attestation.ErrTCBLevelInvalid) {
		t.Errorf("a platform that is out of date: %v", err)
	}
	if err := handshake(t, server, ClientConfig(old, Options{IgnoreTCBStatus: true}, accept)); err != nil {
		t.Errorf("ignored: %v", err)
	}
	forged := func([]byte) (attestation.Report, error) { return attestation.Report{}, errors.New("forged") }
	if err := handshake(t, server, ClientConfig(forged, Options{IgnoreTCBStatus: true}, accept)); err == nil {
		t.Error("a forged report: accepted")
	}
}

// Each change of a certificate that must refuse it.
func TestCertificates(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := func() *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	}
	check := func(template *x509.Certificate, quote func([]byte) ([]byte, error)) error {
		encoded, err := Certificate(oe.BindKey, quote, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		if len(template.ExtraExtensions) > 0 {
			t.Error("the template was changed")
		}
		return ClientConfig(believe, Options{}, accept).VerifyPeerCertificate([][]byte{encoded}, nil)
	}
	if err := check(template(), quoteOf); err != nil {
		t.Errorf("a good one: %v", err)
	}
	expired := template()
	expired.NotAfter = time.Now().Add(-time.Minute)
	if err := check(expired, quoteOf); err == nil {
		t.Error("expired: accepted")
	}
	if err := check(template(), func([]byte) ([]byte, error) { return quoteOf(bytes.Repeat([]byte{1}, 64)) }); err == nil {
		t.Error("about another key: accepted")
	}
	// The first 32 bytes are the hash; what follows must be zero.
	if err := check(template(), func(data []byte) ([]byte, error) { return quoteOf(append(data[:63:63], 1)) }); err == nil {
		t.Error("with more than the hash: accepted")
	}
	plain, err := x509.CreateCertificate(rand.Reader, template(), template(), key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	verify := ClientConfig(believe, Options{}, accept).VerifyPeerCertificate
	for name, certificates := range map[string][][]byte{"no report": {plain}, "no certificate": nil, "not one": {{1}}} {
		if err := verify(certificates, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Certificate(oe.BindKey, quoteOf, template(), template(), key.Public(), "no key"); err == nil {
		t.Error("a key that does not sign: accepted")
	}
	if _, err := Certificate(oe.BindKey, quoteOf, nil, nil, key.Public(), key); err == nil {
		t.Error("no template: accepted")
	}
}

func TestParent(t *testing.T) {
	issuer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour)}
	encoded, err := Certificate(oe.BindKey, quoteOf, template, parent, subject.Public(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	parent.PublicKey, parent.PublicKeyAlgorithm = issuer.Public(), x509.ECDSA
	if err := certificate.CheckSignatureFrom(parent); err != nil {
		t.Errorf("not signed by its parent: %v", err)
	}
	if err := ClientConfig(believe, Options{}, accept).VerifyPeerCertificate([][]byte{encoded}, nil); err != nil {
		t.Errorf("a certificate with a parent: %v", err)
	}
}
