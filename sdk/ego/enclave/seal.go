package enclave

import (
	"crypto/rand"

	sdk "enclos.invalid/sdk/enclave"
)

const (
	// The masks of Open Enclave for seal keys: everything but what has no security implications (bits/sgx/sgxtypes.h).
	sealAttributeMask = 0xff000000_0000000b
	sealMiscMask      = 0xf0000000
)

// GetRandomUniqueSealKey returns a new key of 16 bytes that only this version of this enclave gets, on this machine, and what to give to
// GetSealKey to get it again.
func GetRandomUniqueSealKey() (key, keyInfo []byte, err error) {
	return sealKey(sdk.KeyPolicyMrEnclave, true)
}

// GetRandomProductSealKey does the same with a key that each version of the product gets, of this signer and from this security version on.
func GetRandomProductSealKey() (key, keyInfo []byte, err error) {
	return sealKey(sdk.KeyPolicyMrSigner, true)
}

// GetUniqueSealKey returns the same key for each call of this version of this enclave.
//
// Deprecated: use GetRandomUniqueSealKey, since a key of AES-GCM must not encrypt too much.
func GetUniqueSealKey() (key, keyInfo []byte, err error) {
	return sealKey(sdk.KeyPolicyMrEnclave, false)
}

// GetProductSealKey returns the same key for each call of this security version of the product.
//
// Deprecated: use GetRandomProductSealKey, since a key of AES-GCM must not encrypt too much.
func GetProductSealKey() (key, keyInfo []byte, err error) {
	return sealKey(sdk.KeyPolicyMrSigner, false)
}

func sealKey(policy uint16, isRandom bool) (key, keyInfo []byte, err error) {
	identity, err := sdk.ReadIdentity()
	if err != nil {
		return nil, nil, outcome(err)
	}
	request := &sdk.KeyRequest{Name: sdk.KeyNameSeal, Policy: policy, SecurityVersion: identity.SecurityVersion, CPUSVN: identity.CPUSVN,
		AttributeMask: sealAttributeMask, MiscMask: sealMiscMask}
	if isRandom {
		if _, err := rand.Read(request.KeyID[:]); err != nil {
			return nil, nil, err
		}
	}
	keyInfo = request.Encode()
	key, err = GetSealKey(keyInfo)
	return key, keyInfo, err
}

// GetSealKey returns the seal key of 16 bytes for what came with it: a KEYREQUEST of 512 bytes. KEY_SVN_TOO_NEW, KEY_CPUSVN_TOO_NEW and
// KEY_NOT_PERMITTED are for keys that this enclave does not get. A request for another kind of key is refused.
//
// A keyInfo that another party can choose gives a key that the other party may know: see Unseal of package ecrypto.
func GetSealKey(keyInfo []byte) ([]byte, error) {
	request, err := sdk.ParseKeyRequest(keyInfo)
	if err == nil && request.Name != sdk.KeyNameSeal {
		err = &sdk.Error{Code: "KEY_NOT_PERMITTED", Message: "The key information is not for a seal key."}
	}
	if err != nil {
		return nil, err
	}
	key, err := sdk.Key(request)
	return key, outcome(err)
}

// GetSealKeyID returns 16 bytes that identify the processor, or the software machine. They depend on the product and on whether the enclave
// is a debug enclave, and on neither its signer nor its version: they are not secret, as any enclave of that product gets them.
func GetSealKeyID() ([]byte, error) {
	return GetSealKey((&sdk.KeyRequest{Name: sdk.KeyNameSeal}).Encode())
}
