package enclave

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
)

// SealPolicy says which enclaves can open a blob.
type SealPolicy int

const (
	// PolicyEnclave is for this MRENCLAVE only.
	PolicyEnclave SealPolicy = iota + 1
	// PolicySigner is for this signer's product, at this security version or a later one.
	PolicySigner
)

// SealOptions say how to seal.
type SealOptions struct {
	Policy SealPolicy
	// AssociatedData are bound to the blob and needed to open it; they are not in it.
	AssociatedData []byte
}

// MaxSealedSize is the most bytes that can be sealed at once, and SealOverhead what a blob has more than them.
const (
	MaxSealedSize = 64 << 20
	SealOverhead  = sealHeaderSize + 4 + sealTagSize
)

const (
	sealMagic      = "ENCLSEAL"
	sealNonceSize  = 12
	sealTagSize    = 16
	sealHeaderSize = len(sealMagic) + 2 + 2 + KeyRequestSize + sealNonceSize
	// INIT and DEBUG, which EGETKEY forces, and the upper, future security bits, as Intel's SDK does; others may differ between two
	// loads of one enclave.
	sealAttributeMask = 0xff000000_00000000 | AttributeInit | AttributeDebug
	sealMiscMask      = 0xf0000000
)

// Seal encrypts for this enclave, or for its signer, on this machine: AES-256-GCM under a key from EGETKEY with a random key id, so
// that a key is used once. TypeScript enclaves of the same identity open the blob, and the other way round.
//
// Sealing does not promise freshness: the host can return an older blob.
func Seal(plaintext []byte, options SealOptions) ([]byte, error) {
	if len(plaintext) > MaxSealedSize {
		return nil, &Error{Code: "CODEC_OUT_OF_RANGE", Message: "At most 64 MiB can be sealed at once."}
	}
	request, err := newSealRequest(options.Policy)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, sealNonceSize)
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	aead, err := sealCipher(request)
	if err != nil {
		return nil, err
	}
	blob := make([]byte, 0, SealOverhead+len(plaintext))
	blob = append(blob, sealMagic...)
	blob = append(blob, 1, 0, 1, 0)
	blob = append(blob, request.Encode()...)
	blob = append(blob, nonce...)
	associated := append(append([]byte(nil), blob...), options.AssociatedData...)
	blob = binary.LittleEndian.AppendUint32(blob, uint32(len(plaintext)))
	return aead.Seal(blob, nonce, plaintext, associated), nil
}

// Unseal opens what [Seal] made. The policy is an argument on purpose: an enclave that expects its own blobs must not accept those
// of a sibling. SEAL_NOT_OPENED is for every failure but SEAL_SVN_TOO_NEW and SEAL_CPUSVN_TOO_NEW, which EGETKEY reports, and a
// platform that is gone or busy.
func Unseal(blob []byte, options SealOptions) ([]byte, error) {
	request, nonce, sealed, err := parseSealed(blob)
	if err != nil {
		return nil, err
	}
	policy, err := policyBit(options.Policy)
	if err != nil {
		return nil, err
	}
	// The request comes with the blob, from the host: only requests in the form that Seal writes are used.
	isOwn := request.Name == KeyNameSeal && request.Policy == policy && request.AttributeMask == sealAttributeMask &&
		request.XFRMMask == 0 && request.MiscMask == sealMiscMask
	if !isOwn {
		return nil, notOpened()
	}
	aead, err := sealCipher(request)
	if err != nil {
		return nil, unsealError(err)
	}
	associated := append(append([]byte(nil), blob[:sealHeaderSize]...), options.AssociatedData...)
	plaintext, err := aead.Open(nil, nonce, sealed, associated)
	if err != nil {
		return nil, notOpened()
	}
	return plaintext, nil
}

// parseSealed reads a blob: magic 8 | version u16 | algorithm u16 | KEYREQUEST 512 | nonce 12 | length u32 | ciphertext | tag 16.
func parseSealed(blob []byte) (request *KeyRequest, nonce, sealed []byte, err error) {
	if len(blob) < SealOverhead || !bytes.HasPrefix(blob, []byte(sealMagic+"\x01\x00\x01\x00")) {
		return nil, nil, nil, notOpened()
	}
	request, err = ParseKeyRequest(blob[12 : 12+KeyRequestSize])
	if err != nil {
		return nil, nil, nil, notOpened()
	}
	if size := binary.LittleEndian.Uint32(blob[sealHeaderSize:]); uint64(size) != uint64(len(blob)-SealOverhead) {
		return nil, nil, nil, notOpened()
	}
	return request, blob[12+KeyRequestSize : sealHeaderSize], blob[sealHeaderSize+4:], nil
}

func notOpened() error {
	return &Error{Code: "SEAL_NOT_OPENED", Message: "The sealed blob could not be opened."}
}

func unsealError(err error) error {
	var known *Error
	if !errors.As(err, &known) {
		return notOpened()
	}
	switch known.Code {
	case "KEY_SVN_TOO_NEW":
		return &Error{Code: "SEAL_SVN_TOO_NEW", Message: "The blob was sealed by a later security version of the enclave."}
	case "KEY_CPUSVN_TOO_NEW":
		return &Error{Code: "SEAL_CPUSVN_TOO_NEW", Message: "The blob was sealed on a platform with a later CPUSVN."}
	case "TEE_PLATFORM_LOST", "TEE_CAPABILITY_MISSING", "GATE_BUSY", "ENCLAVE_NOT_BOOTED":
		return err
	}
	return notOpened()
}

func policyBit(policy SealPolicy) (uint16, error) {
	switch policy {
	case PolicyEnclave:
		return KeyPolicyMrEnclave, nil
	case PolicySigner:
		return KeyPolicyMrSigner, nil
	}
	return 0, &Error{Code: "TEE_CAPABILITY_MISSING", Message: "There is no such policy of sealing."}
}

// newSealRequest is a request that no other blob has. Its last bit is free for sealCipher.
func newSealRequest(policy SealPolicy) (*KeyRequest, error) {
	bit, err := policyBit(policy)
	if err != nil {
		return nil, err
	}
	identity, err := ReadIdentity()
	if err != nil {
		return nil, err
	}
	request := &KeyRequest{Name: KeyNameSeal, Policy: bit, SecurityVersion: identity.SecurityVersion, CPUSVN: identity.CPUSVN,
		AttributeMask: sealAttributeMask, MiscMask: sealMiscMask, ConfigSVN: identity.ConfigSVN}
	if _, err := io.ReadFull(rand.Reader, request.KeyID[:]); err != nil {
		return nil, err
	}
	request.KeyID[31] &= 0xfe
	return request, nil
}

// sealCipher: EGETKEY gives 128 bits; two requests that differ in the last bit of the key id give 256, so that AES-256 is as strong
// as its name.
func sealCipher(request *KeyRequest) (cipher.AEAD, error) {
	first, err := Key(request)
	if err != nil {
		return nil, err
	}
	other := *request
	other.KeyID[31] ^= 1
	second, err := Key(&other)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(hkdf(append(first, second...), nil, "enclos seal v1"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// hkdf is HKDF-SHA256 (RFC 5869) for 32 bytes.
func hkdf(secret, salt []byte, info string) []byte {
	extract := hmac.New(sha256.New, salt)
	extract.Write(secret)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte(info))
	expand.Write([]byte{1})
	return expand.Sum(nil)
}

// SealKey derives 32 bytes for the application from EGETKEY: the same for the same policy and label, as long as identity, security
// version and platform stay. label says what the key is for. A later version of the enclave gets another key, so data that must
// outlive an update belong into a blob of [Seal].
func SealKey(policy SealPolicy, label string) ([]byte, error) {
	request, err := newSealRequest(policy)
	if err != nil {
		return nil, err
	}
	request.KeyID = sha256.Sum256([]byte("enclos.seal-key.v1\x00" + label))
	first, err := Key(request)
	if err != nil {
		return nil, err
	}
	request.KeyID[31] ^= 1
	second, err := Key(request)
	if err != nil {
		return nil, err
	}
	return hkdf(append(first, second...), nil, "enclos seal key v1"), nil
}
