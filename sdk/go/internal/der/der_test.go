package der

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newCertificate returns a certificate that crypto/x509 made.
func newCertificate(t testing.TB, change func(*x509.Certificate)) []byte {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: time.Unix(1_700_000_000, 0),
		NotAfter: time.Unix(1_800_000_000, 0), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: 1,
		BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func newList(t testing.TB) []byte {
	t.Helper()
	key := newKey(t)
	issuer, err := x509.ParseCertificate(newCertificate(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Unix(1_700_000_000, 0), NextUpdate: time.Unix(1_800_000_000, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(0xabcd), RevocationTime: time.Unix(1_700_000_000, 0)}},
	}, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestReadsWhatCryptoX509Writes(t *testing.T) {
	encoded := newCertificate(t, nil)
	c, err := ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.ParseCertificate(encoded)
	if err != nil {
		t.Fatal(err)
	}
	isSame := c.Serial == "1234" && c.Subject.CommonName == "Test CA" && bytes.Equal(c.Issuer.Encoded, other.RawIssuer) &&
		bytes.Equal(c.SignedBytes, other.RawTBSCertificate) && c.NotBefore.Equal(other.NotBefore) && c.NotAfter.Equal(other.NotAfter) &&
		bytes.Equal(PublicKeyInfo(c.PublicKey), other.RawSubjectPublicKeyInfo)
	if !isSame {
		t.Errorf("read %+v", c)
	}
	isAuthority, pathLength, err := Constraints(c.Extensions[ExtensionConstraints])
	if !isAuthority || pathLength != 1 || err != nil {
		t.Errorf("constraints: %v %d %v", isAuthority, pathLength, err)
	}
	if usage, err := Usage(c.Extensions[ExtensionKeyUsage]); usage != UsageSignCertificates|UsageSignLists || err != nil {
		t.Errorf("usage: %b %v", usage, err)
	}
	list, err := ParseRevocationList(newList(t))
	if err != nil || !list.Revoked["abcd"] || list.Issuer.CommonName != "Test CA" {
		t.Errorf("list: %+v %v", list, err)
	}
}

func TestRefusesCertificates(t *testing.T) {
	good := newCertificate(t, nil)
	oid := pkix.Extension{Id: []int{1, 2, 3}, Critical: true, Value: []byte{5, 0}}
	for name, encoded := range map[string][]byte{
		"empty":            {},
		"a byte after it":  append(append([]byte(nil), good...), 0),
		"cut":              good[:len(good)-1],
		"unknown critical": newCertificate(t, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{oid} }),
		"two common names": newCertificate(t, func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 3}, Value: "first"}, {Type: []int{2, 5, 4, 3}, Value: "second"}}
		}),
		"an oversized one": bytes.Repeat([]byte{0x30}, mostCertificateBytes+1),
	} {
		if _, err := ParseCertificate(encoded); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, value := range map[string][]byte{
		"indefinite length":   {0x30, 0x80, 0, 0},
		"non-minimal length":  {0x30, 0x81, 0x01, 0x00},
		"long tag":            {0x3f, 0x20, 0},
		"length past the end": {0x30, 0x84, 0xff, 0xff, 0xff, 0xff},
		"something after it":  {0x30, 0x00, 0x00},
		"another tag":         {0x31, 0x00},
		"one byte":            {0x30},
	} {
		if Whole(value).Err() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRefusesValues(t *testing.T) {
	for name, read := range map[string]struct {
		value []byte
		read  func(*Reader)
	}{
		"negative":              {[]byte{2, 1, 0x80}, func(r *Reader) { r.Magnitude(20) }},
		"leading zero":          {[]byte{2, 2, 0, 1}, func(r *Reader) { r.Magnitude(20) }},
		"no digits":             {[]byte{2, 0}, func(r *Reader) { r.Magnitude(20) }},
		"too large":             {[]byte{2, 2, 1, 0}, func(r *Reader) { r.Integer(255) }},
		"another true":          {[]byte{1, 1, 1}, func(r *Reader) { r.Boolean() }},
		"unused bits set":       {[]byte{3, 2, 1, 1}, func(r *Reader) { r.BitString() }},
		"no bits":               {[]byte{3, 0}, func(r *Reader) { r.BitString() }},
		"open identifier":       {[]byte{6, 1, 0x80}, func(r *Reader) { r.Identifier() }},
		"padded identifier":     {[]byte{6, 3, 0x2a, 0x80, 1}, func(r *Reader) { r.Identifier() }},
		"month 13":              {append([]byte{0x17, 13}, "261301000000Z"...), func(r *Reader) { r.Time() }},
		"generalized too early": {append([]byte{0x18, 15}, "20260101000000Z"...), func(r *Reader) { r.Time() }},
		"a fraction":            {append([]byte{0x17, 15}, "260101000000.5Z"...), func(r *Reader) { r.Time() }},
		"not printable":         {append([]byte{0x13, 1}, '*'), func(r *Reader) { r.Text(9) }},
		"long text":             {append([]byte{0x0c, 3}, "abc"...), func(r *Reader) { r.Text(2) }},
	} {
		r := NewReader(read.value)
		if read.read(r); r.Err() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r := NewReader([]byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02})
	if id := r.Identifier(); id != "1.2.840.10045.4.3.2" || r.Err() != nil {
		t.Errorf("an identifier: %q %v", id, r.Err())
	}
}

func TestPEMIsStrict(t *testing.T) {
	good := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newCertificate(t, nil)})
	for name, text := range map[string][]byte{"twice": append(append([]byte(nil), good...), good...), "with NULs": append(append([]byte(nil), good...), 0, 0)} {
		if found, err := CertificatesOfPEM(text); err != nil || len(found) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string][]byte{
		"empty": nil, "words before": append([]byte("x\n"), good...), "words after": append(append([]byte(nil), good...), 'x'),
		"another label": bytes.ReplaceAll(good, []byte("CERTIFICATE"), []byte("PUBLIC KEY")), "too long": bytes.Repeat(good, 100),
	} {
		if _, err := CertificatesOfPEM(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzCertificate: no input panics, and what is accepted reads as itself.
func FuzzCertificate(f *testing.F) {
	f.Add(newCertificate(f, nil))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		c, err := ParseCertificate(encoded)
		if err == nil && !bytes.Equal(c.Encoded, encoded) {
			t.Error("a certificate that is not all of its bytes")
		}
	})
}

func FuzzRevocationList(f *testing.F) {
	f.Add(newList(f))
	f.Fuzz(func(_ *testing.T, encoded []byte) { _, _ = ParseRevocationList(encoded) })
}

func FuzzPEM(f *testing.F) {
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: newCertificate(f, nil)}))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = ParseChain(text) })
}
