package oe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
	"testing"
)

// quoteOf is a quote of no signature data but one byte, with the report data in its place.
func quoteOf(data []byte) ([]byte, error) {
	quote := make([]byte, quoteFixedBytes+1)
	quote[0], quote[2] = 3, 2
	copy(quote[48+320:], data)
	quote[quoteFixedBytes-4] = 1
	return quote, nil
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func parse(t *testing.T, encoded []byte, err error) *x509.Certificate {
	t.Helper()
	var c *x509.Certificate
	if err == nil {
		c, err = x509.ParseCertificate(encoded)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReport(t *testing.T) {
	report := EncodeReport(Remote, []byte("body"))
	kind, body, err := ParseReport(report)
	if kind != Remote || string(body) != "body" || err != nil {
		t.Errorf("read %d %q %v", kind, body, err)
	}
	for name, change := range map[string]func([]byte) []byte{
		"of version 2":    func(b []byte) []byte { b[0] = 2; return b },
		"of kind 3":       func(b []byte) []byte { b[4] = 3; return b },
		"cut":             func(b []byte) []byte { return b[:len(b)-1] },
		"with a rest":     func(b []byte) []byte { return append(b, 0) },
		"only a header":   func(b []byte) []byte { return b[:15] },
		"of endless size": func(b []byte) []byte { copy(b[8:], bytes.Repeat([]byte{0xff}, 8)); return b },
	} {
		if _, _, err := ParseReport(change(slices.Clone(report))); err == nil {
			t.Errorf("a report %s: accepted", name)
		}
	}
	if _, _, err := ParseExtension(EncodeReport(Local, []byte("body"))); err == nil {
		t.Error("a local report in a certificate: accepted")
	}
}

func TestCertificatesOfBothBindings(t *testing.T) {
	for binding, want := range map[Binding]func([]byte) [64]byte{BindKey: ReportDataOfKey, BindText: ReportDataOfText} {
		key := newKey(t)
		encoded, err := CreateCertificate(&x509.Certificate{SerialNumber: big.NewInt(1)}, nil, key.Public(), key, binding, quoteOf)
		c := parse(t, encoded, err)
		found, err := ReadCertificate(c)
		if err != nil {
			t.Fatal(err)
		}
		data := want(c.RawSubjectPublicKeyInfo)
		if !bytes.Equal(found.Quote[48+320:48+384], data[:]) || !slices.Contains(found.ReportData, data) {
			t.Errorf("binding %d: the quote is about something else", binding)
		}
	}
	key := newKey(t)
	refused := errors.New("no quote today")
	_, err := CreateCertificate(&x509.Certificate{SerialNumber: big.NewInt(1)}, nil, key.Public(), key, BindKey,
		func([]byte) ([]byte, error) { return nil, refused })
	if !errors.Is(err, refused) {
		t.Errorf("a source that fails: %v", err)
	}
}

func TestForms(t *testing.T) {
	key := newKey(t)
	with := func(extensions ...pkix.Extension) (*CertificateReport, error) {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), ExtraExtensions: extensions}
		encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		return ReadCertificate(parse(t, encoded, err))
	}
	quote, _ := quoteOf(nil)
	other, _ := quoteOf([]byte{1})
	wrapped, err := asn1.Marshal(quote)
	if err != nil {
		t.Fatal(err)
	}
	info, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	evidence := func(claims []byte) []byte {
		b := append(append([]byte{3, 0, 0, 0}, formatSGXECDSA...), 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint64(b, uint64(len(quote)+len(claims)))
		return append(append(b, quote...), claims...)
	}
	azure := pkix.Extension{Id: OldReportExtension, Value: wrapped}
	version := pkix.Extension{Id: OldEvidenceExtension, Value: []byte{2, 1, 1}}
	if found, err := with(azure, version); err != nil || len(found.ReportData) != 1 || found.ReportData[0] != ReportDataOfText(info) {
		t.Errorf("Azure's form: %v", err)
	}
	if found, err := with(pkix.Extension{Id: EvidenceExtension, Value: evidence(KeyText(info))}); err != nil || !bytes.Equal(found.Quote, quote) {
		t.Errorf("evidence: %v", err)
	}
	if _, err := with(); !errors.Is(err, ErrNoReport) {
		t.Errorf("no extension: %v", err)
	}
	for name, extensions := range map[string][]pkix.Extension{
		"another key":     {{Id: EvidenceExtension, Value: evidence(append(KeyText(info), 0))}},
		"two quotes":      {azure, {Id: ReportExtension, Value: EncodeReport(Remote, other)}},
		"neither of both": {{Id: ReportExtension, Value: []byte("nothing")}},
	} {
		if _, err := with(extensions...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The parsers of untrusted bytes do not panic, and give back no more than they got.
func FuzzReport(f *testing.F) {
	f.Add(EncodeReport(Remote, []byte("body")))
	f.Fuzz(func(t *testing.T, b []byte) {
		kind, body, err := ParseReport(b)
		if err == nil && !bytes.Equal(EncodeReport(kind, body), b) {
			t.Error("a report that is written otherwise")
		}
		_, _, _ = ParseExtension(b)
	})
}

func FuzzEvidence(f *testing.F) {
	quote, _ := quoteOf(nil)
	b := append(append([]byte{3, 0, 0, 0}, formatSGXECDSA...), 0, 0, 0, 0)
	f.Add(append(binary.LittleEndian.AppendUint64(b, uint64(len(quote))), quote...))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ParseEvidence(b); err == nil && len(e.Quote)+len(e.CustomClaims) > len(b) {
			t.Error("more than there was")
		}
	})
}
