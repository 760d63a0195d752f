package attestedtls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"enclos.invalid/sdk/internal/cbor"
)

// IdentityOptions say how an identity is made.
type IdentityOptions struct {
	// Name is the DNS name or the address in the certificate. It does not identify the peer: the evidence does.
	Name     string
	Evidence EvidenceSource
	// Now is the time that goes into the claims: time.Now unless given.
	Now func() time.Time
}

// Identity is a key that was born here, and evidence about it. Each enclave has its own.
type Identity struct {
	role    Role
	options IdentityOptions
	current atomic.Pointer[snapshot]
	rotate  sync.Mutex
}

// snapshot is one state of an identity: what a connection keeps until it ends.
type snapshot struct {
	certificate  tls.Certificate
	key          *ecdsa.PrivateKey
	keyInfo      []byte
	endorsements []byte
	evidence     EvidenceSource
}

// Evidence about a key does not expire on a date, and an enclave has no trusted clock: RFC 5280 section 4.1.2.5.
var (
	validFrom  = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	validUntil = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// NewIdentity makes a key and evidence about it. ATLS_EVIDENCE_UNAVAILABLE is for a source that fails.
func NewIdentity(role Role, options IdentityOptions) (*Identity, error) {
	if role != Client && role != Server || options.Evidence == nil || len(options.Name) == 0 || len(options.Name) > 64 {
		return nil, misused("An identity has a role, a name of at most 64 characters, and a source of evidence.")
	}
	identity := &Identity{role: role, options: options}
	return identity, identity.Rotate()
}

// Rotate makes a new key, new evidence and a new certificate. Connections that are there keep the old ones. When it fails, the old ones
// stay.
func (i *Identity) Rotate() error {
	i.rotate.Lock()
	defer i.rotate.Unlock()
	made, err := makeSnapshot(i.role, i.options)
	if err == nil {
		i.current.Store(made)
	}
	return err
}

// Certificate is the certificate as it is now, with its key, for a configuration of crypto/tls that speaks plain RA-TLS.
func (i *Identity) Certificate() tls.Certificate { return i.current.Load().certificate }

func makeSnapshot(role Role, options IdentityOptions) (*snapshot, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	info, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	claims := encodeClaims(info, role, clock(options.Now)())
	made, err := options.Evidence.make(claimsReportData(claims))
	if err != nil {
		return nil, err
	}
	tagged := cbor.EncodeTag(quoteTag, cbor.EncodeArray(cbor.EncodeBytes(made.Quote), cbor.EncodeBytes(claims)))
	wrapped, err := asn1.Marshal(cbor.EncodeArray(cbor.EncodeText(taggedType), cbor.EncodeBytes(tagged), cbor.EncodeUnsigned(evidenceIndicator)))
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial.Add(serial, big.NewInt(1)), Subject: pkix.Name{CommonName: options.Name},
		NotBefore: validFrom, NotAfter: validUntil, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: taggedExtension, Value: tagged}, {Id: cmwExtension, Value: wrapped}},
	}
	if address := net.ParseIP(options.Name); address != nil {
		template.IPAddresses = []net.IP{address}
	} else {
		template.DNSNames = []string{options.Name}
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &snapshot{
		certificate: tls.Certificate{Certificate: [][]byte{encoded}, PrivateKey: key}, key: key, keyInfo: info,
		endorsements: made.Endorsements, evidence: options.Evidence,
	}, nil
}
