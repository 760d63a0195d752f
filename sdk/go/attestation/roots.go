package attestation

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"math/big"

	"enclos.invalid/sdk/internal/der"
)

// Root is the key of a certificate authority that a relying party trusts. Make one with [IntelRoot] or [SoftwareRoot].
type Root struct {
	key  [64]byte
	kind string
}

// Kinds of roots.
const (
	RootIntel    = "intel"
	RootSoftware = "software"
)

const intelKey = "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5" +
	"67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"

// IntelRoot is the key of "Intel SGX Root CA". It is never a default: name it in VerifyOptions.
func IntelRoot() Root {
	root := Root{kind: RootIntel}
	// The text is 64 bytes of hex.
	_, _ = hex.Decode(root.key[:], []byte(intelKey))
	return root
}

// SoftwareRoot is the root of a software platform, from its self-signed certificate: PEM with one certificate, or DER.
// VERIFIER_MISUSED is for another certificate, and for Intel's.
func SoftwareRoot(certificate []byte) (Root, error) {
	encoded := [][]byte{certificate}
	if bytes.HasPrefix(bytes.TrimLeft(certificate, "\r\n"), []byte("-----BEGIN ")) {
		var err error
		if encoded, err = der.CertificatesOfPEM(certificate); err != nil {
			return Root{}, misused("Not a root certificate: %v.", err)
		}
	}
	if len(encoded) != 1 {
		return Root{}, misused("One root certificate wanted.")
	}
	c, err := der.ParseCertificate(encoded[0])
	if err != nil {
		return Root{}, misused("Not a root certificate: %v.", err)
	}
	if !bytes.Equal(c.Issuer.Encoded, c.Subject.Encoded) || !isAuthority(c, 1) || !verify(c.PublicKey, c.Signature, c.SignedBytes) {
		return Root{}, misused("The certificate is not a self-signed root of a platform.")
	}
	root := rootOf(c)
	if root.kind == RootIntel {
		return Root{}, misused("This is the root of Intel: use IntelRoot.")
	}
	return root, nil
}

func rootOf(c *der.Certificate) Root {
	root := Root{key: [64]byte(c.PublicKey), kind: RootSoftware}
	if root.key == IntelRoot().key {
		root.kind = RootIntel
	}
	return root
}

// Kind is RootIntel or RootSoftware.
func (r Root) Kind() string { return r.kind }

// PublicKey is x then y, 64 bytes.
func (r Root) PublicKey() [64]byte { return r.key }

// Fingerprint is hex of the SHA-256 of the SubjectPublicKeyInfo, DER: what policies list.
func (r Root) Fingerprint() string {
	digest := sha256.Sum256(der.PublicKeyInfo(r.key[:]))
	return hex.EncodeToString(digest[:])
}

// publicKey returns nil for 64 bytes that are not a point of P-256.
func publicKey(key []byte) *ecdsa.PublicKey {
	if len(key) != 64 {
		return nil
	}
	public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(key[:32]), Y: new(big.Int).SetBytes(key[32:])}
	// ECDH checks that the point is on the curve, and not the one at infinity.
	if _, err := public.ECDH(); err != nil {
		return nil
	}
	return public
}

// verify tells whether the signature, r then s, is one of ECDSA P-256 with SHA-256 by the key. Under what is not a key none is.
func verify(key, signature, signedBytes []byte) bool {
	public := publicKey(key)
	if public == nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256(signedBytes)
	return ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}
